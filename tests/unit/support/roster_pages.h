// SPDX-License-Identifier: Apache-2.0
// A roster page as an authority sends it, with any part exchanged for raw JSON text.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

using JsonFields = std::vector<std::pair<std::string, std::string>>;  // name, raw value

inline std::string json_object(const JsonFields& fields) {
    std::string text;
    for (const auto& [name, value] : fields)
        text += (text.empty() ? "" : ", ") + ('"' + name + "\": ") + value;
    return "{" + text + "}";
}

inline JsonFields with(JsonFields fields, const std::string& name, const std::string& value) {
    for (auto& field : fields) {
        if (field.first != name) continue;
        field.second = value;
        return fields;
    }
    fields.emplace_back(name, value);
    return fields;
}

inline JsonFields without(JsonFields fields, const std::string& name) {
    std::erase_if(fields, [&](const auto& field) { return field.first == name; });
    return fields;
}

inline const JsonFields& valid_entry() {
    static const JsonFields fields = {{"object", R"("project.collaborator")"},
                                      {"user_id", R"("user_1")"},
                                      {"login", R"("alice")"},
                                      {"uid", "10001"},
                                      {"role", R"("admin")"},
                                      {"external", "false"}};
    return fields;
}

inline const JsonFields& valid_page() {
    static const JsonFields fields = {{"object", R"("list")"},
                                      {"project_id", R"("proj_123")"},
                                      {"revision", "7"},
                                      {"next_cursor", "null"},
                                      {"data", "[" + json_object(valid_entry()) + "]"}};
    return fields;
}

inline std::string page_with_data(const std::string& data) {
    return json_object(with(valid_page(), "data", data));
}

inline std::string page_with_entry(const JsonFields& entry) {
    return page_with_data("[" + json_object(entry) + "]");
}

// Of every JSON type one value, and some that only look like one.
inline const std::map<std::string, std::string>& json_values() {
    static const std::map<std::string, std::string> values = {
        {"null", "null"}, {"false", "false"},      {"true", "true"}, {"number", "1"},
        {"real", "1.5"},  {"string", R"("text")"}, {"array", "[]"},  {"object", "{}"}};
    return values;
}
