// SPDX-License-Identifier: Apache-2.0
// What together-roled counts and measures, for whoever runs it. Labels name no person, key,
// organization or project. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace together::roled {

class Metrics {
  public:
    // What is looked at when somebody asks.
    struct Now {
        std::size_t waiters = 0;
        std::size_t pool_in_use = 0;
        std::int64_t audit_dropped = 0;
    };

    virtual ~Metrics() = default;

    // `route` as it stands in the table: "GET /v1/projects/{proj}". In seconds, without waiting for
    // a thread.
    virtual void answered(std::string_view route, unsigned status, double seconds) = 0;
    // `code` of the error.
    virtual void refused(std::string_view code) = 0;
    virtual void committed(double seconds) = 0;
    // From when a change was seen until the last of those who asked alike was told.
    virtual void told(double seconds) = 0;

    // In Prometheus' text format.
    virtual std::string text(const Now& now) = 0;
};

// Nothing where it was built without prometheus-cpp.
std::unique_ptr<Metrics> prometheus_metrics();

}  // namespace together::roled
