// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/kubernetes/kubectl.h"

#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <utility>

#include "common/system/parse_number.h"
#include "common/system/trusted_path.h"
#include "processes/installed_program.h"
#include "processes/run_program.h"
#include "strict_json/strict_json.h"

namespace together::ctl {

using namespace together;

namespace {

constexpr std::chrono::seconds patience{60};
constexpr JsonLimits limits{.values = 2'000'000, .depth = 64};

std::vector<std::string> installed() {
    return {"/usr/bin/kubectl", "/usr/local/bin/kubectl", "/snap/bin/kubectl"};
}

std::string environment(const char* name) {
    const char* const value = ::getenv(name);
    return value == nullptr ? "" : value;
}

// As kubectl looks for them.
std::vector<std::string> kubeconfigs() {
    std::vector<std::string> files;
    std::istringstream named(environment("KUBECONFIG"));
    for (std::string file; std::getline(named, file, ':');)
        if (!file.empty()) files.push_back(file);
    if (!files.empty()) return files;
    const auto home = environment("HOME");
    files.push_back((home.empty() ? "" : home + "/") + ".kube/config");
    return files;
}

// Whoever called sudo may have one of their own. Also of one that is not there: kubectl is run many
// times.
std::string why_kubeconfig_unsafe() {
    const auto caller = parse_number<uid_t>(environment("SUDO_UID"));
    for (const auto& file : kubeconfigs())
        if (auto why = why_exchangeable_or_makeable(file, caller); !why.empty()) return why;
    return {};
}

}  // namespace

Result<Kubectl> Kubectl::find(const std::string& path) {
    if (!path.empty() && !path.starts_with('/')) return failure("--kubectl needs an absolute path");
    auto found = first_program(path.empty() ? installed() : std::vector{path});
    if (found.empty())
        return failure(path.empty() ? "no kubectl of root's in /usr/bin, /usr/local/bin or "
                                      "/snap/bin: --kubectl PATH"
                                    : path + " is no program that root alone can write");
    if (const auto why = why_exchangeable(found); !why.empty())
        return failure(found + " is no program that root alone can write: " + why);
    if (const auto why = why_kubeconfig_unsafe(); !why.empty() && ::geteuid() == 0)
        return failure("kubectl is not run as root with a kubeconfig of somebody else's: " + why);
    return Kubectl(std::move(found));
}

Result<std::string> Kubectl::run(const std::vector<std::string>& arguments,
                                 std::string_view input) const {
    return output_as_caller(path_, arguments, patience, input);
}

Result<Json::Value> Kubectl::json(std::vector<std::string> arguments,
                                  std::string_view input) const {
    arguments.insert(arguments.begin() + 1, {"--output", "json"});
    const auto text = run(arguments, input);
    if (!text) return tl::make_unexpected(text.error());
    if (text->empty()) return Json::Value(Json::objectValue);  // --ignore-not-found
    auto json = parse_strict_json(*text, limits);
    if (!json) return failure("what kubectl wrote is " + json.error());
    if (!json->isObject()) return failure("what kubectl wrote is no object");
    return *std::move(json);
}

const Json::Value& at(const Json::Value& value, const char* name) {
    static const Json::Value nothing;
    return value.isObject() ? value[name] : nothing;
}

std::string text_at(const Json::Value& value, const char* name) {
    const auto& member = at(value, name);
    return member.isString() ? member.asString() : "";
}

}  // namespace together::ctl
