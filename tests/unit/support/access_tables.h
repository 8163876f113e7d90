// SPDX-License-Identifier: Apache-2.0
// The tables of kubernetes/: what a whole API server has, and who may do what there, written by
// hand.
#pragma once

#include <CppUTest/TestHarness.h>

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace access_tables {

inline const std::vector<std::string> ours = {"default", "team"};

struct Place {
    const char* name;
    const char* ns;
};
inline constexpr Place places[] = {{"project", "team"},
                                   {"default", "default"},
                                   {"kube-system", "kube-system"},
                                   {"other", "slurm"},
                                   {"cluster", ""}};

// "project" of the table: `default`, too, where it is named.
inline bool is_meant(const std::string& where, const std::string& place) {
    return where == "anywhere" || where == place || (where == "project" && place == "default") ||
           (where == "but-default" && place == "project");
}

// "GROUP RESOURCE VERB PLACE", with the subresource at the resource.
using Question = std::string;
struct Answer {
    std::string who = "admin";
    std::string action = "-";
    bool operator==(const Answer&) const = default;
};
using Answers = std::map<Question, Answer>;

inline std::vector<std::vector<std::string>> lines_of(const std::string& name) {
    std::ifstream file(TOGETHER_SOURCE_DIR "/tests/unit/kubernetes/" + name);
    CHECK_TEXT(file.good(), name.c_str());
    std::vector<std::vector<std::string>> lines;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.front() == '#') continue;
        std::istringstream words(line);
        lines.emplace_back(std::istream_iterator<std::string>(words),
                           std::istream_iterator<std::string>());
    }
    return lines;
}

inline Question question(const std::string& group, const std::string& resource,
                         const std::string& verb, const char* place) {
    return group + " " + resource + " " + verb + " " + place;
}

// "pods/log" is the resource pods and its subresource log; "core" is the empty group.
struct Named {
    std::string group;
    std::string resource;
    std::string subresource;
};
inline Named named(const std::string& group, const std::string& resource) {
    const auto slash = resource.find('/');
    return {group == "core" ? "" : group, resource.substr(0, slash),
            slash == resource.npos ? "" : resource.substr(slash + 1)};
}

inline Answers expected_answers() {
    Answers answers;
    for (const auto& line : lines_of("expected_access.txt"))
        for (std::size_t i = 5; i < line.size(); ++i)
            for (const auto& place : places)
                if (is_meant(line.at(2), place.name))
                    answers[question(line.at(3), line.at(4), line.at(i), place.name)] = {
                        line.at(0), line.at(1)};
    return answers;
}

}  // namespace access_tables
