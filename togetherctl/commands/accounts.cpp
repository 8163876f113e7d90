// SPDX-License-Identifier: Apache-2.0
// togetherctl accounts: whom the roster gives an account on this node, and who has none and why.
#include <unistd.h>

#include <algorithm>
#include <map>

#include "authorized_keys/served_keys.h"
#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/printable.h"
#include "common/config/word_list.h"
#include "common/system/duration.h"
#include "togetherctl/commands/verbs.h"
#include "togetherctl/node/accounts_state.h"
#include "togetherctl/node/roster_state.h"

namespace together::ctl {
namespace {

using namespace together;

// One login, or a group that the node lacks.
struct Line {
    std::string name;
    std::optional<uid_t> uid;
    std::vector<std::string> groups;
    std::optional<std::size_t> keys;  // nothing where we may not look, or there can be none
    std::string state;                // account, groups_only, removed, none
    std::string reason;               // of none
    std::string what;
    std::string remedy;
};

class Listing {
  public:
    explicit Listing(const AccountsState& state)
        : accounts_(state.accounts), keys_(ServedKeys::open()) {
        for (const auto& group : accounts_.groups) names_[group.gid] = group.name;
        for (const auto& one : accounts_.accounts) add(one);
        for (const auto& one : accounts_.removed) add(one);
        for (const auto& one : accounts_.without) add(one);
    }

    const std::vector<Line>& lines() const { return lines_; }

  private:
    void add(const Account& account) {
        Line line{account.login, account.uid, {}, {}, {}, {}, {}, {}};
        for (const auto gid : account.groups)
            line.groups.push_back(names_.contains(gid) ? names_[gid] : std::to_string(gid));
        line.state = account.is_the_nodes ? "groups_only" : "account";
        line.what = account.is_the_nodes ? "the account is this node's own, the groups are ours"
                                         : "account";
        line.keys = keys_of(account.login);
        lines_.push_back(std::move(line));
    }

    void add(const RemovedAccount& account) {
        Line line{account.login, account.uid, {}, {}, "removed", {}, {}, {}};
        const auto age = elapsed(account.removed, clock_.now());
        line.what = "removed " + format_age(std::max(age, Nanoseconds::zero())) +
                    " ago; answers by its uid only";
        lines_.push_back(std::move(line));
    }

    void add(const WithoutAccount& one) {
        const auto& text = text_of(one.reason);
        lines_.push_back({one.name,
                          {},
                          {},
                          {},
                          "none",
                          std::string(text.name),
                          std::string(text.what),
                          std::string(text.remedy)});
    }

    std::optional<std::size_t> keys_of(const std::string& login) const {
        if (!keys_) return std::nullopt;
        const auto keys = keys_->of(login);
        if (!keys) return std::nullopt;
        return static_cast<std::size_t>(std::count(keys->begin(), keys->end(), '\n'));
    }

    const Accounts& accounts_;
    Result<ServedKeys> keys_;
    SystemClock clock_;
    std::map<gid_t, std::string> names_;
    std::vector<Line> lines_;
};

Row row_of(const Line& line) {
    return {line.name, line.uid ? std::to_string(*line.uid) : "-", joined_words(line.groups),
            line.keys ? std::to_string(*line.keys) : "-",
            line.what + (line.remedy.empty() ? "" : ": " + line.remedy)};
}

Json::Value json_of(const Line& line) {
    Json::Value json;
    json["login"] = line.name;
    json["uid"] = json_or_null(line.uid);
    json["state"] = line.state;
    json["groups"] = Json::arrayValue;
    for (const auto& group : line.groups) json["groups"].append(group);
    json["keys"] = line.keys ? Json::Value(Json::UInt64{*line.keys}) : Json::Value();
    json["reason"] = line.reason.empty() ? Json::Value() : Json::Value(line.reason);
    json["what"] = line.what;
    json["remedy"] = line.remedy.empty() ? Json::Value() : Json::Value(line.remedy);
    return json;
}

Json::Value json_of(const AccountGroup& group) {
    Json::Value json;
    json["name"] = group.name;
    json["gid"] = group.gid;
    json["members"] = Json::UInt64{group.members.size()};
    return json;
}

std::string groups_text(const Accounts& accounts) {
    std::string text;
    for (const auto& group : accounts.groups)
        text += (text.empty() ? "Groups: " : ", ") + group.name + " (" + std::to_string(group.gid) +
                ")";
    return text.empty() ? "Groups: none" : text;
}

int show_all(const AccountsState& state, const std::vector<Line>& lines, Output& output) {
    if (output.json()) {
        Json::Value json;
        json["current"] = state.is_current;
        json["unknown"] = state.unknown.empty() ? Json::Value() : Json::Value(state.unknown);
        json["accounts"] = json["groups"] = Json::arrayValue;
        for (const auto& line : lines) json["accounts"].append(json_of(line));
        for (const auto& group : state.accounts.groups) json["groups"].append(json_of(group));
        output.document(json);
        return exit_yes;
    }
    std::vector<Row> rows;
    for (const auto& line : lines) rows.push_back(row_of(line));
    output.table({"LOGIN", "UID", "GROUPS", "KEYS", "WHAT"}, rows);
    output.line(state.unknown.empty() ? groups_text(state.accounts)
                                      : "Who has none, and the groups, cannot be told: " +
                                            state.unknown + "; ask as root");
    if (!state.is_current)
        output.line("They are not those of the roster that stands here; togetherctl refresh",
                    Tone::warning);
    return exit_yes;
}

int show_one(const std::string& login, const std::vector<Line>& lines, Output& output) {
    const auto found = std::find_if(lines.begin(), lines.end(),
                                    [&](const Line& line) { return line.name == login; });
    const Line absent{login, {}, {}, {}, "none", "not_on_the_roster", "not on the roster", {}};
    const Line& line = found == lines.end() ? absent : *found;
    if (output.json()) {
        output.document(json_of(line));
    } else {
        Fields fields = {{"Login", line.name},
                         {"Uid", line.uid ? std::to_string(*line.uid) : "-"},
                         {"Groups", line.groups.empty() ? "-" : joined_words(line.groups)},
                         {"Keys", line.keys ? std::to_string(*line.keys) : "-"},
                         {"Account", line.state == "none" ? "none: " + line.what : line.what}};
        if (!line.remedy.empty()) fields.push_back({"What to do", line.remedy});
        output.fields(fields);
    }
    return line.state == "account" || line.state == "groups_only" ? exit_yes : exit_no;
}

int run(const CommandLine& line, Output& output) {
    const auto config = load_node_config(line.config_path());
    if (!config) return output.fail(config.error().message);
    if (!config->accounts.enabled) {
        const std::string off = "The roster gives this node no accounts: [accounts] enabled is no.";
        Json::Value json;
        json["enabled"] = false;
        if (output.json())
            output.document(json);
        else
            output.line(off);
        return line.operand().empty() ? exit_yes : exit_no;
    }
    SystemClock clock;
    const auto roster = look_at_roster(*config, clock.now());
    const auto state =
        look_at_accounts(*config, roster.roster ? &roster.roster->snapshot : nullptr);
    if (!state.problem.empty()) return output.fail("accounts: " + state.problem);
    const Listing listing(state);
    return line.operand().empty() ? show_all(state, listing.lines(), output)
                                  : show_one(line.operand(), listing.lines(), output);
}

constexpr Status statuses[] = {
    {"0", "listed; LOGIN has an account"},
    {"1", "LOGIN has none, the reason is shown"},
    {"2", "there are none to be used, or wrong usage"},
};

}  // namespace

constinit const Verb accounts_verb = {
    .name = "accounts",
    .operand = "[LOGIN]",
    .summary = "whom the roster gives an account here, and who has none and why",
    .about =
        "Lists the accounts of accounts.v1 with their groups and the number of their keys (as\n"
        "root), those that were removed and still answer by their uid, and who on the roster has\n"
        "no account, or which group this node lacks, with the reason and what to do. Asks nobody.",
    .options = {},
    .statuses = statuses,
    .example = "togetherctl accounts",
    .run = run,
};

}  // namespace together::ctl
