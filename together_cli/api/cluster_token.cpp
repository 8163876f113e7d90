// SPDX-License-Identifier: Apache-2.0
#include "together_cli/api/cluster_token.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "cli/output.h"
#include "common/system/clock.h"
#include "together_cli/account/token_source.h"
#include "together_cli/api/authority.h"
#include "together_cli/api/names.h"

namespace together::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t look_every = 60;  // seconds
constexpr std::int64_t a_day = 86'400;
// For what kubectl need not wait for.
constexpr auto soon = 3s;

std::int64_t now_in_seconds() {
    return SystemClock().now().realtime / 1'000'000'000;
}

// By which its owner recognizes it in `together tokens`.
std::string name_of_token() {
    char host[256] = "";
    if (::gethostname(host, sizeof host - 1) != 0 || host[0] == '\0') return "kubectl";
    return "kubectl on " + std::string(host).substr(0, 100);
}

bool holds(const std::optional<ClusterToken>& kept) {
    return kept && kept->holds(now_in_seconds());
}

bool needs_no_look(const std::optional<ClusterToken>& kept) {
    const auto ago = kept ? now_in_seconds() - kept->looked_after : 0;
    return holds(kept) && ago >= 0 && ago < look_every;
}

// By this clock: the authority's may be another, and it is the span that both agree about. More
// than a day is not the API's, and not believed.
std::optional<ClusterToken> token_in(const Json::Value& answer, const std::string& audience,
                                     std::int64_t asked_at) {
    const auto& made = answer["created_at"];
    const auto& end = answer["expires_at"];
    if (!made.isInt64() || !end.isInt64() || made.asInt64() < 0 || end.asInt64() <= made.asInt64())
        return std::nullopt;
    const auto span = std::min(end.asInt64() - made.asInt64(), a_day);
    ClusterToken token{text_in(answer, "id"), text_in(answer, "token"), audience, asked_at,
                       asked_at + span};
    return is_token(token.token) ? std::optional(token) : std::nullopt;
}

// False where the authority does not answer: it may be there still.
bool end_token(Authority& authority, const std::string& id) {
    const auto ended = authority.change("DELETE", "/users/me/tokens/" + escaped(id));
    return ended || ended.error().status != exit_unreachable;
}

Outcome<ClusterToken> make(Authority& authority, const std::string& project,
                           const KeptClusterToken& place,
                           const std::optional<ClusterToken>& before) {
    const auto target = project_named(authority, project);
    if (!target) return tl::unexpected(target.error());
    Json::Value body;
    body["name"] = name_of_token();
    body["audience"] = target->id;
    const auto asked_at = now_in_seconds();
    const auto answer = authority.change("POST", "/users/me/tokens", body);
    if (!answer) return tl::unexpected(answer.error());
    auto token = token_in(answer->body, target->id, asked_at);
    if (token && before) token->before = before->id;
    const auto kept = token ? place.write(*token) : Result<void>();
    if (token && kept) return *token;
    // Nobody will use it, and there may be fifty.
    static_cast<void>(end_token(authority, text_in(answer->body, "id")));
    if (!kept) return trouble(kept.error());
    return tl::unexpected(
        no_authoritys_answer(authority.credentials().url, "no token that ends", false));
}

// A name may have become another project's, whose cluster has no business with this token.
bool is_for(Authority& authority, const std::string& project, const ClusterToken& token) {
    if (project == token.audience) return true;
    const auto target = project_named(authority, project);
    return target ? target->id == token.audience : target.error().status != exit_unknown;
}

// Also where nobody can tell.
bool is_still_good(Authority& authority, const std::string& project, const ClusterToken& token) {
    auto as_bearer = authority.credentials();
    as_bearer.token = token.token;
    const auto about = Authority(as_bearer, soon).get("/whoami");
    if (!about && about.error().status == exit_token) return false;
    // Any other answer is one: it may open nothing at the authority itself.
    if (!about && about.error().status == exit_unreachable) return true;
    return is_for(authority, project, token);
}

// Not when it was replaced: another kubectl may just have been given it.
void end_the_one_before(Authority& authority, const KeptClusterToken& place, ClusterToken& token) {
    if (token.before.empty() || !end_token(authority, token.before)) return;
    token.before.clear();
    static_cast<void>(place.write(token));
}

// What is not kept any more no logout would find.
void end_with_the_one_before(Authority& authority, const ClusterToken& token) {
    if (end_token(authority, token.id) && !token.before.empty())
        static_cast<void>(end_token(authority, token.before));
}

Outcome<ClusterToken> look_after(const Credentials& login, const std::string& project,
                                 const KeptClusterToken& place, std::optional<ClusterToken> kept) {
    bool is_good = holds(kept);
    Authority authority(login, is_good ? soon : Authority::usual);
    place.note_look();
    if (is_good && now_in_seconds() < kept->renewed_from()) {
        is_good = is_still_good(authority, project, *kept);
        if (is_good) end_the_one_before(authority, place, *kept);
        if (is_good) return *kept;
    }
    auto made = make(authority, project, place, kept);
    if (made) return made;
    const bool was_answered = made.error().status != exit_unreachable;
    if (is_good) {
        if (was_answered) Output::complain(made.error().message);
        return *kept;
    }
    // The next call would be given it, as one that was looked after a moment ago.
    place.remove();
    if (was_answered && kept) end_with_the_one_before(authority, *kept);
    return made;
}

}  // namespace

Outcome<ClusterToken> cluster_token(const Credentials& login, const std::string& project) {
    const auto& named = project.empty() ? login.project : project;
    const auto place = KeptClusterToken::of(login, named);
    if (!place) return trouble(place.error());
    auto kept = place->read();
    if (!kept) return trouble(kept.error());
    if (needs_no_look(*kept)) return **kept;
    const auto lock = place->lock(!holds(*kept));
    if (!lock) return **kept;
    // Who had the lock may have made another one.
    kept = place->read();
    if (!kept) return trouble(kept.error());
    if (needs_no_look(*kept)) return **kept;
    return look_after(login, named, *place, *kept);
}

Result<void> end_cluster_tokens(const std::optional<Credentials>& login) {
    const auto ids = remove_kept_cluster_tokens(login);
    if (!ids) return tl::make_unexpected(ids.error());
    if (!login) return {};
    Authority authority(*login, soon);
    for (const auto& id : *ids)
        if (!end_token(authority, id)) break;
    return {};
}

}  // namespace together::cli
