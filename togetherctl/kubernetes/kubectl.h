// SPDX-License-Identifier: Apache-2.0
// kubectl, as the caller would run it: with their environment, so with their kubeconfig and rights.
#pragma once

#include <json/value.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "common/system/result.h"

namespace together::ctl {

class Kubectl {
  public:
    // `path` empty: the installed one. Fails where there is none that root alone can write, or put
    // another one in place of: it runs with the caller's rights, in the cluster and here. Fails as
    // root where a kubeconfig that it reads is somebody's: it names programs that kubectl runs.
    static together::Result<Kubectl> find(const std::string& path);

    // What it wrote to stdout, with `input` at its stdin. Fails where it fails, with the last line
    // of its stderr, or does not end within a minute.
    together::Result<std::string> run(const std::vector<std::string>& arguments,
                                      std::string_view input = {}) const;

    // The same as an object of JSON, an empty one where it wrote nothing. `arguments` begin with
    // the verb; what is a name stands behind a "--".
    together::Result<Json::Value> json(std::vector<std::string> arguments,
                                       std::string_view input = {}) const;

  private:
    explicit Kubectl(std::string path) : path_(std::move(path)) {}

    std::string path_;
};

// Of what kubectl shows: somebody else wrote it, any member may be missing, or be something else.
const Json::Value& at(const Json::Value& value, const char* name);
std::string text_at(const Json::Value& value, const char* name);

}  // namespace together::ctl
