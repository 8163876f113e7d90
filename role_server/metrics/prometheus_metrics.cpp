// SPDX-License-Identifier: Apache-2.0
#include "role_server/metrics/metrics.h"

#ifdef TOGETHER_METRICS

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <memory>

namespace together::roled {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;

class PrometheusMetrics final : public Metrics {
  public:
    PrometheusMetrics() {
        BuildGauge()
            .Name("together_roled_build_info")
            .Help("Always 1; the version that runs.")
            .Register(registry_)
            .Add({{"version", TOGETHER_VERSION}})
            .Set(1);
    }

    void answered(std::string_view route, unsigned status, double seconds) override {
        requests_.Add({{"route", std::string(route)}, {"status", std::to_string(status)}})
            .Increment();
        request_seconds_.Observe(seconds);
    }
    void refused(std::string_view code) override {
        refusals_.Add({{"reason", std::string(code)}}).Increment();
    }
    void committed(double seconds) override { commit_seconds_.Observe(seconds); }
    void told(double seconds) override { told_seconds_.Observe(seconds); }

    std::string text(const Now& now) override {
        waiters_.Set(static_cast<double>(now.waiters));
        pool_in_use_.Set(static_cast<double>(now.pool_in_use));
        audit_dropped_.Increment(static_cast<double>(now.audit_dropped) - audit_dropped_.Value());
        return prometheus::TextSerializer().Serialize(registry_.Collect());
    }

  private:
    Counter& counter(const char* name, const char* help) {
        return BuildCounter().Name(name).Help(help).Register(registry_).Add({});
    }
    Gauge& gauge(const char* name, const char* help) {
        return BuildGauge().Name(name).Help(help).Register(registry_).Add({});
    }
    Histogram& seconds(const char* name, const char* help) {
        return BuildHistogram().Name(name).Help(help).Register(registry_).Add(
            {}, Histogram::BucketBoundaries{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                            0.25, 0.5, 1, 2.5, 5});
    }

    prometheus::Registry registry_;
    prometheus::Family<Counter>& requests_ =
        BuildCounter()
            .Name("together_roled_requests_total")
            .Help("Answers made, by route and status; one for many who wait is one.")
            .Register(registry_);
    prometheus::Family<Counter>& refusals_ = BuildCounter()
                                                 .Name("together_roled_refusals_total")
                                                 .Help("Requests refused, by the error's code.")
                                                 .Register(registry_);
    Histogram& request_seconds_ =
        seconds("together_roled_request_seconds", "How long a request took, once it had a thread.");
    Histogram& commit_seconds_ =
        seconds("together_roled_commit_seconds", "How long the commit of a change took.");
    Histogram& told_seconds_ = seconds("together_roled_told_seconds",
                                       "From when a change was seen until all who waited knew.");
    Gauge& waiters_ = gauge("together_roled_waiters", "Requests that wait for a change.");
    Gauge& pool_in_use_ =
        gauge("together_roled_pool_in_use", "Connections to the database that are in use.");
    Counter& audit_dropped_ =
        counter("together_roled_audit_dropped_total", "Refusals that are not in the audit trail.");
};

}  // namespace

std::unique_ptr<Metrics> prometheus_metrics() {
    return std::make_unique<PrometheusMetrics>();
}

}  // namespace together::roled

#else

namespace together::roled {

std::unique_ptr<Metrics> prometheus_metrics() {
    return nullptr;
}

}  // namespace together::roled

#endif
