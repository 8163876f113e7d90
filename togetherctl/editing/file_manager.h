// SPDX-License-Identifier: Apache-2.0
// Whether a file is configuration management's, which would write it anew over our lines. Pure.
#pragma once

#include <string>
#include <string_view>

namespace together::ctl {

// The comment at the head of the text in which the program that writes the file says so; empty
// where none does. A part that is somebody's further down (Ansible's blockinfile) is no such thing.
std::string manager_of(std::string_view text);

// That as a reason not to edit the file; empty likewise.
std::string why_managed(const std::string& path, std::string_view text);

}  // namespace together::ctl
