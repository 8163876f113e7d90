// SPDX-License-Identifier: Apache-2.0
// What people name, as the API's ids. Ids are taken as they are; a name that nothing has, or that
// several have, is told with those that there are.
#pragma once

#include <json/value.h>

#include <span>
#include <string>
#include <vector>

#include "together_cli/api/authority.h"

namespace together::cli {

struct Named {
    std::string id;
    std::string name;  // the id where that is all that is known
};

// `text`: an id or a name; empty: the one that `together projects use` has set, or the only one.
Outcome<Named> project_named(Authority& authority, const std::string& text);
Outcome<Named> organization_named(Authority& authority, const std::string& text);

// All projects that you may see, those that you are in first; what cannot be asked for is left out.
std::vector<Named> projects_seen(Authority& authority);

// The one object of the list that has this text in one of the fields, without regard to case but
// for the first, the id's. `what`: "collaborator of cluster".
Outcome<Json::Value> one_named(const Json::Value& list, std::span<const char* const> fields,
                               const std::string& text, const std::string& what);

// Somebody on the project's roster, by login or id; somebody of the organization, by login,
// address or id.
Outcome<Json::Value> collaborator_named(Authority& authority, const Named& project,
                                        const std::string& text);
Outcome<Json::Value> member_named(Authority& authority, const Named& organization,
                                  const std::string& text);

// A field that is a text, or nothing.
std::string text_in(const Json::Value& object, const char* field);
// How to call the person of a collaborator or member: login, else address, else id.
std::string name_of_person(const Json::Value& person);

}  // namespace together::cli
