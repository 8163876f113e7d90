// SPDX-License-Identifier: Apache-2.0
#include "authorizer/access_review.h"

#include <json/writer.h>

#include <array>
#include <utility>

#include "strict_json/strict_json.h"

namespace together::authorizer {
namespace {

constexpr JsonLimits limits{.values = 20'000, .depth = 32};
constexpr std::string_view api_version = "authorization.k8s.io/v1";
constexpr std::string_view kind = "SubjectAccessReview";

struct Field {
    const char* name;
    std::string AccessReview::*value;
};
constexpr std::array resource_fields = std::to_array<Field>({
    {"verb", &AccessReview::verb},
    {"group", &AccessReview::group},
    {"resource", &AccessReview::resource},
    {"subresource", &AccessReview::subresource},
    {"name", &AccessReview::name},
    {"namespace", &AccessReview::ns},
});
constexpr std::array other_fields = std::to_array<Field>({
    {"verb", &AccessReview::verb},
    {"path", &AccessReview::path},
});

std::string_view text_of(const Json::Value& value) {
    const char* begin = nullptr;
    const char* end = nullptr;
    if (!value.getString(&begin, &end)) return {};
    return {begin, static_cast<std::size_t>(end - begin)};
}

const Json::Value* member(const Json::Value& object, std::string_view name) {
    return object.find(name.data(), name.data() + name.size());
}

// Absent, null and "" are the same to Kubernetes.
Result<void> read_text(const Json::Value& object, std::string_view where, const char* name,
                       std::string& text) {
    const auto* const value = member(object, name);
    if (value == nullptr || value->isNull()) return {};
    if (!value->isString()) return failure(std::string(where) + "." + name + " is no string");
    text = text_of(*value);
    return {};
}

template <std::size_t count>
Result<void> read_fields(const Json::Value& object, std::string_view where,
                         const std::array<Field, count>& fields, AccessReview& review) {
    if (!object.isObject()) return failure(std::string(where) + " is no object");
    for (const auto& [name, value] : fields)
        if (auto read = read_text(object, where, name, review.*value); !read) return read;
    if (review.verb.empty()) return failure(std::string(where) + ".verb is missing");
    return {};
}

Result<void> read_attributes(const Json::Value& spec, AccessReview& review) {
    const auto given = [&](const char* name) {
        const auto* const value = member(spec, name);
        return value == nullptr || value->isNull() ? nullptr : value;
    };
    const auto* const resource = given("resourceAttributes");
    const auto* const other = given("nonResourceAttributes");
    if ((resource == nullptr) == (other == nullptr))
        return failure("spec needs either resourceAttributes or nonResourceAttributes");
    review.is_resource = resource != nullptr;
    if (review.is_resource)
        return read_fields(*resource, "spec.resourceAttributes", resource_fields, review);
    return read_fields(*other, "spec.nonResourceAttributes", other_fields, review);
}

// They decide nothing here; of another type they are another object than we think.
Result<void> check_others(const Json::Value& spec) {
    std::string unused;
    if (auto read = read_text(spec, "spec", "uid", unused); !read) return read;
    const auto* const extra = member(spec, "extra");
    if (extra != nullptr && !extra->isNull() && !extra->isObject())
        return failure("spec.extra is no object");
    const auto* const groups = member(spec, "groups");
    if (groups == nullptr || groups->isNull()) return {};
    if (!groups->isArray()) return failure("spec.groups is no array");
    for (const auto& group : *groups)
        if (!group.isString()) return failure("spec.groups has what is no string");
    return {};
}

Result<void> check_text(const Json::Value& object, const char* name, std::string_view expected) {
    const auto* const value = member(object, name);
    if (value != nullptr && value->isString() && text_of(*value) == expected) return {};
    return failure(std::string(name) + " is not " + std::string(expected));
}

// As they were sent, byte for byte: nobody has to write them anew.
std::string sent_members(const Json::Value& object, std::string_view body) {
    std::string text = "{";
    for (const std::string_view name : {"kind", "apiVersion", "metadata", "spec"}) {
        const auto* const value = member(object, name);
        if (value == nullptr) continue;
        const auto begin = static_cast<std::size_t>(value->getOffsetStart());
        const auto end = static_cast<std::size_t>(value->getOffsetLimit());
        text.append("\"").append(name).append("\":");
        text.append(body.substr(begin, end - begin)).append(",");
    }
    return text;
}

std::string json_text(std::string_view text) {
    return Json::valueToQuotedString(std::string(text).c_str());
}

}  // namespace

kubernetes::AccessRequest AccessReview::request() const {
    return {verb, group, resource, subresource, name, ns, path, is_resource};
}

Result<AccessReview> read_access_review(std::string_view body) {
    const auto json = parse_strict_json(body, limits);
    if (!json) return failure("the body is " + json.error());
    if (!json->isObject()) return failure("the body is no object");
    if (auto checked = check_text(*json, "apiVersion", api_version); !checked)
        return tl::unexpected(checked.error());
    if (auto checked = check_text(*json, "kind", kind); !checked)
        return tl::unexpected(checked.error());
    const auto* const spec = member(*json, "spec");
    if (spec == nullptr || !spec->isObject()) return failure("spec is no object");
    AccessReview review;
    if (auto read = read_text(*spec, "spec", "user", review.user); !read)
        return tl::unexpected(read.error());
    if (auto checked = check_others(*spec); !checked) return tl::unexpected(checked.error());
    if (auto read = read_attributes(*spec, review); !read) return tl::unexpected(read.error());
    review.sent = sent_members(*json, body);
    return review;
}

std::string answered(const AccessReview& review, const AccessAnswer& answer) {
    std::string text = review.sent + "\"status\":{\"allowed\":";
    text += answer.allowed ? "true" : "false";
    if (answer.denied) text += ",\"denied\":true";
    if (!answer.reason.empty()) text += ",\"reason\":" + json_text(answer.reason);
    if (!answer.evaluation_error.empty())
        text += ",\"evaluationError\":" + json_text(answer.evaluation_error);
    return text + "}}";
}

std::string failure_status(unsigned code, std::string_view reason, std::string_view message) {
    return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":)" +
           json_text(message) + ",\"reason\":" + json_text(reason) +
           ",\"code\":" + std::to_string(code) + "}";
}

std::string shown(const AccessReview& review) {
    if (!review.is_resource) return review.verb + " " + review.path;
    auto text = review.verb + " " + review.resource;
    if (!review.group.empty()) text += "." + review.group;
    if (!review.subresource.empty()) text += "/" + review.subresource;
    if (!review.ns.empty()) text += " in " + review.ns;
    return text;
}

}  // namespace together::authorizer
