// SPDX-License-Identifier: Apache-2.0
// Writes an authorized_keys.v1 as together-refresh does, and an accounts.v1 of these people,
// with the uids that this node has for their logins:
//
//   together-keys-file FOLDER     stdin: a line "LOGIN KEY" for each key
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

#include <map>

#include "tests/unit/support/keys_file.h"

uid_t uid_here(const std::string& login) {
    const auto* account = ::getpwnam(login.c_str());
    return account == nullptr ? 20000 : account->pw_uid;
}

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    std::map<std::string, std::vector<std::string>> people;
    char* line = nullptr;
    size_t room = 0;
    while (::getline(&line, &room, stdin) > 0) {
        const std::string text = line;
        const auto blank = text.find(' ');
        people[text.substr(0, blank)].push_back(text.substr(blank + 1));
    }
    ::free(line);
    return write_keys_file(together::AccountsPaths(argv[1]), {people.begin(), people.end()}, {},
                           uid_here)
               ? 0
               : 1;
}
