// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/enabling/homes.h"

#include "common/system/folder_of.h"
#include "common/system/trusted_file.h"
#include "togetherctl/editing/file_manager.h"
#include "togetherctl/enabling/pam_files.h"
#include "togetherctl/pam/module_check.h"
#include "togetherctl/pam/pam_stack.h"

namespace together::ctl {
namespace {

using together::failure;
using together::Result;

constexpr std::size_t largest = std::size_t{1024} * 1024;
constexpr int deepest = 8;

std::string makes_homes_in(const std::string& path, int depth) {
    const auto text = together::read_trusted(path, largest);
    if (!text || depth > deepest) return {};
    for (const auto& line : session_lines(*text)) {
        if (line.makes_homes) return path + ":" + std::to_string(line.number);
        if (line.file.empty()) continue;
        const bool absolute = line.file.starts_with('/');
        auto found =
            makes_homes_in(absolute ? line.file : folder_of(path) + "/" + line.file, depth + 1);
        if (!found.empty()) return found;
    }
    return {};
}

Result<void> plan_enabling(EditedFile file, const std::string& without, Plan& plan) {
    if (const auto by_hand = line_that_makes_homes(file.path); !by_hand.empty()) {
        plan.notes.push_back(by_hand + ": a line that makes homes stands there already");
        auto text = file.text;
        plan.edits.push_back({std::move(file), std::move(text), without, {}});
        return {};
    }
    auto after = with_homes(file.text);
    if (!after) return failure(file.path + ": " + after.error().message);
    if (const auto good =
            check_pam_module(pam_module_path("pam_mkhomedir.so"), "pam_sm_open_session");
        !good)
        plan.problems.push_back("no home would be made: " + good.error().message);
    plan.edits.push_back({std::move(file), *std::move(after), without, {std::string(home_line)}});
    return {};
}

}  // namespace

std::string line_that_makes_homes(const std::string& service_file) {
    return makes_homes_in(service_file, 0);
}

Result<Plan> plan_homes(const CommandLine& line, bool enable) {
    Plan plan;
    plan.target = GateTarget::homes;
    auto file = read_for_editing(line.value("file").value_or(pam_folder + "sshd"));
    if (!file) return tl::make_unexpected(file.error());
    const auto without = without_ours(file->text);
    if (!without) return failure(file->path + ": " + without.error().message);
    const auto managed_by = why_managed(file->path, *without);
    if (enable) {
        auto planned = plan_enabling(*std::move(file), *without, plan);
        if (!planned) return tl::make_unexpected(planned.error());
        if (plan.edits.front().changes()) plan.managed_by = managed_by;
        return plan;
    }
    auto after = without_homes(file->text);
    if (!after) return failure(file->path + ": " + after.error().message);
    if (const auto by_hand = line_that_makes_homes(file->path); !by_hand.empty())
        plan.notes.push_back(by_hand +
                             ": a line that makes homes stays, togetherctl did not write it");
    plan.edits.push_back({*std::move(file), *std::move(after), *without, {}});
    if (plan.edits.front().changes()) plan.managed_by = managed_by;
    return plan;
}

}  // namespace together::ctl
