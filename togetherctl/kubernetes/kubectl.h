// SPDX-License-Identifier: Apache-2.0
// kubectl, as the caller would run it: with their environment, so with their kubeconfig and rights.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "common/system/result.h"

namespace together::ctl {

class Kubectl {
  public:
    // `path` empty: the installed one. Fails where there is none.
    static together::Result<Kubectl> find(const std::string& path);

    // What it wrote to stdout, with `input` at its stdin. Fails where it fails, with the last line
    // of its stderr, or does not end within a minute.
    together::Result<std::string> run(const std::vector<std::string>& arguments,
                                      std::string_view input = {}) const;

  private:
    explicit Kubectl(std::string path) : path_(std::move(path)) {}

    std::string path_;
};

}  // namespace together::ctl
