// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/kubernetes/kubectl.h"

#include <utility>

#include "processes/installed_program.h"
#include "processes/run_program.h"
#include "strict_json/strict_json.h"

namespace together::ctl {

using namespace together;

namespace {
constexpr std::chrono::seconds patience{60};
constexpr JsonLimits limits{.values = 2'000'000, .depth = 64};
}  // namespace

Result<Kubectl> Kubectl::find(const std::string& path) {
    if (!path.empty()) {
        if (!path.starts_with('/')) return failure("--kubectl needs an absolute path");
        if (first_program({path}).empty())
            return failure(path + " is no program that root alone can write");
        return Kubectl(path);
    }
    auto found = first_program({"/usr/bin/kubectl", "/usr/local/bin/kubectl", "/snap/bin/kubectl"});
    if (found.empty())
        return failure(
            "no kubectl of root's in /usr/bin, /usr/local/bin or /snap/bin: --kubectl PATH");
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
