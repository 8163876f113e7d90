// SPDX-License-Identifier: Apache-2.0
// Reviews that somebody tampered with, and paths of a proxy that somebody wrote: never a crash,
// never an answer that says something else than we decided, never a path that is a Member's to us
// and something else to another program. Deterministic; under the sanitizers it runs in seconds.
// Built with libFuzzer, the same check runs on what it invents.
//
//   authorizer_fuzz [MUTANTS [SEED]]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "authorizer/access_review.h"
#include "authorizer/request_map.h"
#include "strict_json/strict_json.h"

namespace {

using namespace together;
using namespace together::authorizer;

constexpr JsonLimits limits{.values = 20'000, .depth = 32};

[[noreturn]] void misjudged(const char* what, std::string_view text) {
    std::printf("%s: %.*s\n", what, static_cast<int>(text.size()), text.data());
    (void)std::fflush(stdout);
    std::abort();
}

bool same_request(const AccessReview& one, const AccessReview& other) {
    return one.user == other.user && one.is_resource == other.is_resource &&
           one.verb == other.verb && one.group == other.group && one.resource == other.resource &&
           one.subresource == other.subresource && one.name == other.name && one.ns == other.ns &&
           one.path == other.path;
}

// What the API server is told is the review that was judged, with our status and no other.
void examine_answer(const AccessReview& review, std::string_view body) {
    const auto text = answered(
        review,
        {.allowed = false, .denied = true, .reason = shown(review), .evaluation_error = {}});
    const auto json = parse_strict_json(text, limits);
    if (!json) misjudged("the answer is no JSON", body);
    const auto& status = (*json)["status"];
    if (status["allowed"] != Json::Value(false) || status["denied"] != Json::Value(true))
        misjudged("the answer has another status", body);
    const auto again = read_access_review(text);
    if (!again || !same_request(review, *again)) misjudged("the answer is another review", body);
}

// True where it was accepted.
bool judge_review(std::string_view body) {
    const auto review = read_access_review(body);
    if (!review) {
        if (review.error().message.empty() || review.error().message.size() > 1000)
            misjudged("refused without a sentence", body);
        return false;
    }
    if (review->verb.empty()) misjudged("accepted without a verb", body);
    examine_answer(*review, body);
    return true;
}

// ---- paths
// -----------------------------------------------------------------------------------------

// As packaging/examples/control-plane.map; what is read is a Member's.
constexpr std::string_view map_text =
    "POST /v1/clusters clusters.create\n"
    "DELETE /v1/clusters/* clusters.delete\n"
    "POST /v1/clusters/*/scale clusters.scale\n"
    "GET /v1/clusters clusters.read\n"
    "GET /v1/clusters/** clusters.read\n"
    "GET /v1/volumes/** volumes.read\n";

int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// How other programs read a path.
std::string decoded(std::string_view path) {
    std::string text;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const bool escape =
            path[i] == '%' && i + 2 < path.size() && hex(path[i + 1]) >= 0 && hex(path[i + 2]) >= 0;
        text += escape ? static_cast<char>(hex(path[i + 1]) * 16 + hex(path[i + 2])) : path[i];
        if (escape) i += 2;
    }
    return text;
}

std::string without_parameters(std::string_view path) {
    std::string text;
    bool in_parameter = false;
    for (const char c : path) {
        in_parameter = c == ';' || (in_parameter && c != '/');
        if (!in_parameter) text += c;
    }
    return text;
}

std::string with_slashes(std::string text) {
    std::replace(text.begin(), text.end(), '\\', '/');
    return text;
}

std::string straightened(std::string_view path) {
    std::vector<std::string> segments;
    for (std::size_t at = 0; at < path.size();) {
        const auto end = std::min(path.find('/', at), path.size());
        const std::string segment(path.substr(at, end - at));
        if (segment == ".." && !segments.empty()) segments.pop_back();
        if (!segment.empty() && segment != "." && segment != "..") segments.push_back(segment);
        at = end + 1;
    }
    std::string text;
    for (const auto& segment : segments) text += "/" + segment;
    return text.empty() ? "/" : text;
}

std::string cut_at(std::string_view path, char c) {
    return std::string(path.substr(0, path.find(c)));
}

// True where a line of the map fits.
bool judge_path(const RequestMap& map, std::string_view method, std::string_view target) {
    const auto action = map.action_of(method, target);
    if (!action) return false;
    const auto path = cut_at(target, '?');
    const auto once = decoded(path);
    for (const auto& reading :
         {once, decoded(once), straightened(path), straightened(once), without_parameters(once),
          straightened(without_parameters(with_slashes(decoded(once)))), cut_at(once, '?'),
          cut_at(once, '#'), cut_at(once, '\0')})
        if (map.action_of(method, reading) != action) misjudged("a path has two meanings", target);
    return true;
}

const RequestMap& request_map() {
    static const auto map = RequestMap::parse(map_text, "map");
    if (!map) misjudged("the map is refused", map.error().message);
    return *map;
}

}  // namespace

#ifdef TOGETHER_LIBFUZZER

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    judge_review(text);
    for (const auto* method : {"GET", "POST", "DELETE"}) judge_path(request_map(), method, text);
    (void)RequestMap::parse(text, "map");
    return 0;
}

#else

namespace {

constexpr std::string_view valid_review =
    R"({"kind": "SubjectAccessReview", "apiVersion": "authorization.k8s.io/v1",
 "metadata": {"creationTimestamp": null}, "spec": {"user": "together:mallory", "uid": "u",
 "groups": ["together:proj_1", "system:authenticated"], "extra": {"a": ["b"]},
 "resourceAttributes": {"namespace": "default", "verb": "create", "group": "apps", "version": "v1",
 "resource": "deployments", "subresource": "scale", "name": "\u00e9\ud83d\ude00"}},
 "status": {"allowed": true}, "more": [1, -2.5e3, true]})";

constexpr std::string_view other_review =
    R"({"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{)"
    R"("nonResourceAttributes":{"path":"/apis/apps/v1","verb":"get"},"user":"together:alice"}})";

// What somebody would put somewhere.
constexpr std::string_view review_pieces[] = {
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "1e999",
    "/*",
    "//",
    "\xff",
    "\xef\xbb\xbf",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "\"user\":\"together:carol\",",
    "\"status\":{\"allowed\":true},",
    "\"spec\":{},",
    "\"resourceAttributes\":null,",
    "\"nonResourceAttributes\":{\"verb\":\"get\",\"path\":\"/api\"},",
    "\n",
    "\x1b",
    "'"};

constexpr std::string_view paths[] = {"/v1/clusters", "/v1/clusters/c1", "/v1/clusters/c1/scale",
                                      "/v1/clusters/c1/nodes/n1?watch=1", "/v1/volumes/v1/"};
constexpr std::string_view path_pieces[] = {
    "/",      "//",    ".",   "..",     "/../",  "/./",      ";",       ";a=b",
    "%2f",    "%2F",   "%2e", "%2e%2e", "%5c",   "\\",       "%00",     "%25",
    "%252f",  "%",     "%4",  "%zz",    "?",     "%3f",      "#",       "%23",
    "%3b",    "*",     "**",  " ",      "%20",   "+",        "\t",      "\xc0\xaf",
    "%c0%af", "users", "V1",  "c1",     "scale", "clusters", "volumes", "%63lusters"};

class Mutator {
  public:
    explicit Mutator(unsigned seed) : random_(seed) {}

    std::size_t below(std::size_t limit) { return random_() % limit; }

    // Mostly few changes: most texts with many are refused by the syntax.
    template <std::size_t count>
    std::string mutant(std::string text, const std::string_view (&pieces)[count]) {
        for (auto changes = 1 + below(1 + below(4)); changes > 0 && !text.empty(); --changes)
            change(text, pieces[below(count)]);
        return text;
    }

  private:
    void change(std::string& text, std::string_view piece) {
        const auto at = below(4) == 0 ? 0 : below(text.size());
        const auto length = std::min(below(12), text.size() - at);
        switch (below(7)) {
            case 0:
                text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
                break;
            case 1:
                text.erase(at, length);
                break;
            case 2:
                text.replace(at, length, piece);
                break;
            case 3:
                text.insert(at, text.substr(below(text.size()), below(100)));
                break;
            default:
                text.insert(at, piece);
        }
    }

    std::mt19937 random_;
};

}  // namespace

int main(int argc, char** argv) {
    const int mutants = argc > 1 ? std::atoi(argv[1]) : 20'000;
    Mutator mutator(argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 1U);
    if (!judge_review(valid_review) || !judge_review(other_review)) {
        std::puts("a valid review is refused");
        return 1;
    }
    constexpr std::string_view methods[] = {"GET", "HEAD", "POST", "DELETE"};
    int accepted = 0;
    int fitting = 0;
    for (int i = 0; i < mutants; ++i) {
        const auto review = i % 2 == 0 ? valid_review : other_review;
        accepted += judge_review(mutator.mutant(std::string(review), review_pieces)) ? 1 : 0;
        const auto path = paths[mutator.below(std::size(paths))];
        fitting += judge_path(request_map(), methods[mutator.below(std::size(methods))],
                              mutator.mutant(std::string(path), path_pieces))
                       ? 1
                       : 0;
    }
    std::printf("%d mutants, %d reviews accepted, %d paths in the map\n", mutants, accepted,
                fitting);
    // Where nearly all are refused at once, nothing behind the syntax was tried.
    return accepted > mutants / 50 && fitting > mutants / 50 ? 0 : 1;
}

#endif
