// SPDX-License-Identifier: Apache-2.0
// What [gate] on_removal does about those who left: the order of events. Nothing here looks at the
// node itself; that is behind a seam.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/roster/leavers.h"
#include "common/system/clock.h"
#include "together_refresh/removal/who_left.h"

namespace together {

// This node, as far as somebody has something on it. A seam: tests put a hand-written fake here.
class LeaversNode {
  public:
    struct Answer {
        enum class Kind {
            left,        // the gate, asked anew, has them on no roster that is fresh
            spared,      // never ended: exempt, admitted, a system account, another's uid
            not_now,     // nobody can tell, or a lockdown says more; asked again later
            unanswered,  // the node itself cannot tell: its name service does not
        } kind = Kind::not_now;
        std::string why;  // for the log; empty where it is left
    };

    virtual ~LeaversNode() = default;
    // Why what people have here cannot be seen; empty where it can.
    virtual std::string blind() = 0;
    // Before a turn's questions: looks anew.
    virtual void look(const Config& config) = 0;
    virtual bool has_anything(const Leaver& leaver) = 0;
    virtual Answer ask(const Leaver& leaver) = 0;
    virtual void tell(const Leaver& leaver, const std::string& message) = 0;
    // All at once; returns who still has something afterwards. Says what it ends.
    virtual std::vector<std::string> end(const std::vector<Leaver>& leavers) = 0;
};

class Removals {
  public:
    using Log = std::function<void(const std::string&)>;

    // `alert` is for what somebody must look at. The seams must outlive it.
    Removals(Clock& clock, LeaversNode& node, Log log, Log alert)
        : clock_(clock), node_(node), log_(std::move(log)), alert_(std::move(alert)) {}

    // Of a watcher before this one: each one's grace begins anew.
    void restore(std::vector<Leaver> leavers);
    // Another project's, or none was asked for.
    void forget() { leavers_.clear(); }
    void roster_changed(const Config& config, const SeenRoster& before, const SeenRoster& now);
    // A turn of about a second.
    void turn(const Config& config);

    std::vector<Leaver> leavers() const;

  private:
    struct Pending {
        Leaver leaver;
        Moment stage_since;  // when its stage began
        Moment looked;       // last, where it had to be looked at
        bool was_looked = false;
        std::string said;  // why not now: once
        std::optional<Moment> unanswered_since;
    };

    void spare_who_is_back(const Config& config, const SeenRoster& now);
    void hold(const std::string& why, bool (*whom)(const Pending&));
    void tell_unanswered();
    void alert_of(const std::vector<std::string>& logins, const std::string& why,
                  const std::string& what_to_do);
    void hold_too_many(const Config& config, std::size_t entries);
    void forget_the_old();
    static bool is_due_for_a_look(Pending& one, const Config& config, const Moment& now);
    void look_at(Pending& one, const Config& config);
    void look_at_seen(Pending& one, const Config& config);
    bool confirmed(Pending& one, const Config& config);
    void note_unanswered(Pending& one, const std::string& why);
    void end_due(const Config& config);
    void set_stage(Pending& one, Leaver::Stage stage) const;

    Clock& clock_;
    LeaversNode& node_;
    Log log_;
    Log alert_;
    std::vector<Pending> leavers_;
    std::vector<std::string> due_;         // logins
    std::vector<std::string> unanswered_;  // likewise: since this turn
    std::string why_unanswered_;
};

}  // namespace together
