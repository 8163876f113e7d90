// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/enabling/pam_files.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "common/config/config.h"
#include "common/system/folder_of.h"
#include "common/system/trusted_file.h"
#include "togetherctl/pam/module_check.h"
#include "togetherctl/pam/pam_stack.h"

namespace together::ctl {
namespace {

using together::failure;
using together::Result;

constexpr std::size_t largest = std::size_t{1024} * 1024;
constexpr int deepest = 8;

using Holds = bool (*)(std::string_view text);

// Does the file that "@include NAME" means hold such lines, itself or through another? What cannot
// be read may hold anything.
bool any_included(const std::string& folder, const std::string& name, Holds holds, int depth) {
    const auto text =
        together::read_trusted(name.starts_with('/') ? name : folder + "/" + name, largest);
    if (!text || depth == deepest || holds(*text)) return true;
    const auto names = included_files(*text);
    return std::any_of(names.begin(), names.end(), [&](const std::string& next) {
        return any_included(folder, next, holds, depth + 1);
    });
}

HoldsAccountLines beside(const EditedFile& file, Holds holds = has_account_lines) {
    return [folder = folder_of(file.path), holds](const std::string& name) {
        return any_included(folder, name, holds, 0);
    };
}

struct LineOfStack {
    std::string file;
    AccountLine line;
};

// Account lines as libpam has them, and where in them those of which file begin.
struct Stack {
    std::vector<LineOfStack> lines;
    std::map<std::string, std::size_t> begin;
};

enum class Substacks { follow, leave };

// The account lines of a service with those that it includes in their places. What cannot be read
// is left out.
void add_lines(const std::string& path, Substacks substacks, int depth, Stack& stack) {
    const auto text = together::read_trusted(path, largest);
    if (!text || depth > deepest) return;
    stack.begin.emplace(path, stack.lines.size());
    for (auto& line : account_lines(*text)) {
        if (line.file.empty() || (line.substack && substacks == Substacks::leave))
            stack.lines.push_back({path, std::move(line)});
        else
            add_lines(line.file.starts_with('/') ? line.file : folder_of(path) + "/" + line.file,
                      substacks, depth + 1, stack);
    }
}

Stack stack_of(const std::string& path, Substacks substacks) {
    Stack stack;
    add_lines(path, substacks, 0, stack);
    return stack;
}

// Of an included file. Without them the service would be as it was before, and is not.
void name_gate_in_included(const EditedFile& file, Plan& plan) {
    std::string last;
    for (const auto& [path, line] : stack_of(file.path, Substacks::follow).lines) {
        const bool planned =
            std::any_of(plan.edits.begin(), plan.edits.end(), [&at = path](const auto& edit) {
                return edit.file.path == at;  // su, which su-l includes
            });
        if (!line.asks_gate || planned || path == file.path || path == last) continue;
        last = path;
        const auto text = together::read_trusted(path, largest);
        const bool is_ours = text && call_in_block(*text).value_or(std::nullopt);
        plan.problems.push_back(
            path + ":" + std::to_string(line.number) + ": " + file.path +
            " includes this file, whose line of pam_together is still in force; " +
            (is_ours ? "togetherctl disable ssh --file " + path + " takes it out"
                     : "it was written by hand: take it out there"));
    }
}

Result<void> check_jumps(const EditedFile& file) {
    const auto line = jump_before_gate(file.text, beside(file, has_jumps));
    if (!line) return {};
    return failure(file.path + ":" + std::to_string(*line) +
                   ": a jump stands before togetherctl's lines, and may count them: once they "
                   "move or go, it skips others; take it out, or put it behind them");
}

void set_argument(GateCall& call, const std::string& prefix, const std::string& value) {
    auto& given = call.arguments;
    given.erase(std::remove_if(given.begin(), given.end(),
                               [&](const std::string& a) { return a.starts_with(prefix); }),
                given.end());
    given.push_back(prefix + value);
}

std::string config_path_of(const GateCall& call) {
    return argument(call, "config=").value_or(together::default_config_path);
}

// What the command line says; what it leaves open is as our block has it already.
GateCall call_for(const CommandLine& line, GateTarget target, std::optional<GateCall> existing) {
    GateCall call = std::move(existing).value_or(GateCall{});
    if (const auto module = line.value("module")) call.module = *module;
    if (line.has("config")) set_argument(call, "config=", line.config_path());
    if (const auto role = line.value("require")) set_argument(call, "require=", *role);
    const auto way = call_before(target, together::load_config(config_path_of(call)));
    call.by_caller = way.by_caller;
    call.spared_below = way.spared_below;
    return call;
}

void note_call(const GateCall& call, Plan& plan) {
    plan.config_path = config_path_of(call);
    plan.require_admin = plan.require_admin || argument(call, "require=") == "admin";
}

void check_modules(const GateCall& call, Plan& plan) {
    if (pam_module_folder().empty()) {
        plan.problems.emplace_back("libpam's folder of modules was not found");
        return;
    }
    for (const auto& module : {call.module, std::string("pam_succeed_if.so")})
        if (const auto good = check_pam_module(pam_module_path(module)); !good)
            plan.problems.push_back("with this module nobody but root would get in: " +
                                    good.error().message);
}

Result<void> plan_enabling(const CommandLine& line, GateTarget target, EditedFile file,
                           Plan& plan) {
    if (auto good = check_jumps(file); !good) return good;
    const auto existing = call_in_block(file.text);
    if (!existing) return failure(file.path + ": " + existing.error().message);
    GateCall call = call_for(line, target, *existing);
    const auto in_other_files = beside(file);
    const auto by_hand = line_by_hand(file.text, in_other_files);
    const std::string where =
        by_hand ? file.path + ":" + std::to_string(by_hand->number) : std::string();
    if (by_hand && by_hand->stands_right && !*existing &&
        call_for(line, target, by_hand->call) == by_hand->call) {
        plan.notes.push_back(where + ": the gate's line stands there already, written by hand");
        note_call(by_hand->call, plan);
        check_modules(by_hand->call, plan);
        auto text = file.text;
        plan.edits.push_back({std::move(file), text, text, gate_lines(by_hand->call), true});
        return {};
    }
    if (by_hand)
        plan.notes.push_back(
            where + ": a line of pam_together that was written by hand stays; take it out");
    auto after = with_gate(file.text, call, in_other_files);
    if (!after) return failure(file.path + ": " + after.error().message);
    note_call(call, plan);
    check_modules(call, plan);
    for (const auto& jump : jumps_into(file.path))
        plan.notes.push_back(jump + ": a jump that counts lines of " + file.path +
                             ", which is included there: it skips the gate's lines, and no longer "
                             "those that it skipped; write \"account substack " +
                             file.path.substr(file.path.rfind('/') + 1) +
                             "\" instead, or take the jump out");
    auto without = without_ours(file.text);
    if (!without) return failure(file.path + ": " + without.error().message);
    plan.edits.push_back(
        {std::move(file), *std::move(after), *std::move(without), gate_lines(call), true});
    return {};
}

Result<void> plan_disabling(EditedFile file, Plan& plan) {
    if (auto good = check_jumps(file); !good) return good;
    auto after = without_gate(file.text);
    if (!after) return failure(file.path + ": " + after.error().message);
    if (const auto by_hand = line_by_hand(file.text, beside(file)))
        plan.problems.push_back(file.path + ":" + std::to_string(by_hand->number) +
                                ": a line of pam_together that was written by hand is in force; "
                                "only lines between our comments are taken out");
    name_gate_in_included(file, plan);
    auto without = without_ours(file.text);
    if (!without) return failure(file.path + ": " + without.error().message);
    plan.edits.push_back({std::move(file), *std::move(after), *std::move(without), {}, true});
    return {};
}

bool is_there(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

bool is_planned(const Plan& plan, const EditedFile& file) {
    return std::any_of(plan.edits.begin(), plan.edits.end(),
                       [&](const PlannedEdit& edit) { return edit.file.target == file.target; });
}

// "sudo -i" and "su -" have services of their own, which may take over the other's account lines.
std::vector<std::string> with_login_shell(const std::string& service, const std::string& login) {
    std::vector<std::string> paths = {pam_folder + service};
    if (is_there(pam_folder + login) && !takes_over(pam_folder + login, service))
        paths.push_back(pam_folder + login);
    return paths;
}

std::vector<std::string> cron_paths() {
    std::vector<std::string> paths;
    for (const std::string service : cron_services)
        if (is_there(pam_folder + service)) paths.push_back(pam_folder + service);
    return paths;
}

std::vector<std::string> paths_for(const CommandLine& line, GateTarget target) {
    if (const auto path = line.value("file")) return {*path};
    if (target == GateTarget::ssh) return {"/etc/pam.d/sshd"};
    if (target == GateTarget::cron) return cron_paths();
    return target == GateTarget::su ? with_login_shell("su", "su-l")
                                    : with_login_shell("sudo", "sudo-i");
}

Result<void> plan_file(const CommandLine& line, GateTarget target, bool enable,
                       const std::string& path, Plan& plan) {
    auto file = read_for_editing(path);
    if (!file) return tl::make_unexpected(file.error());
    if (is_planned(plan, *file)) return {};  // one is a link to the other
    return enable ? plan_enabling(line, target, *std::move(file), plan)
                  : plan_disabling(*std::move(file), plan);
}

// libpam reads the vendor's where there is none in /etc; the package that has it replaces it.
void note_vendors_files(Plan& plan) {
    for (const std::string service : cron_services)
        if (!is_there(pam_folder + service) && is_there(vendor_pam_folder + service))
            plan.notes.push_back(vendor_pam_folder + service +
                                 " is a package's own, and not edited; for the gate in front of "
                                 "it, too: cp " +
                                 vendor_pam_folder + service + " " + pam_folder +
                                 " and then this again");
}

}  // namespace

bool takes_over(const std::string& service_file, const std::string& service) {
    const auto file = read_for_editing(service_file);
    return file && first_account_include(file->text, beside(*file)) == service;
}

GateCall call_before(GateTarget target, const Result<together::Config>& config) {
    GateCall call;
    call.by_caller = target == GateTarget::sudo;
    if (target == GateTarget::su || target == GateTarget::cron)
        call.spared_below = config ? config->min_uid : together::Config().min_uid;
    return call;
}

Result<Plan> plan_pam(const CommandLine& line, GateTarget target, bool enable) {
    Plan plan;
    plan.target = target;
    for (const auto& path : paths_for(line, target))
        if (auto planned = plan_file(line, target, enable, path, plan); !planned)
            return tl::make_unexpected(planned.error());
    if (target == GateTarget::cron && enable) note_vendors_files(plan);
    if (enable && plan.edits.empty())
        return failure("there is nothing to put it in front of: " + pam_folder +
                       " has none of cron, crond, atd and systemd-user");
    return plan;
}

Result<void> add_su(const CommandLine& line, bool enable, Plan& plan) {
    // The plug-in's configuration is the plan's, where the two differ.
    const auto config_path = plan.config_path;
    for (const auto& path : with_login_shell("su", "su-l")) {
        if (!is_there(path)) continue;
        if (auto planned = plan_file(line, GateTarget::su, enable, path, plan); !planned)
            return planned;
    }
    plan.config_path = config_path;
    return {};
}

std::string su_module_problem() {
    if (pam_module_folder().empty()) return "libpam's folder of modules was not found";
    const auto gate = find_gate(pam_folder + "su");
    const GateCall call = gate && gate->call ? *gate->call : GateCall();
    const auto good = check_pam_module(pam_module_path(call.module));
    return good ? std::string() : good.error().message;
}

std::vector<std::string> jumps_into(const std::string& service_file) {
    std::vector<std::string> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder_of(service_file), error)) {
        const auto path = entry.path().string();
        if (path == service_file || path.ends_with(backup_suffix)) continue;
        const auto stack = stack_of(path, Substacks::leave);
        const auto begin = stack.begin.find(service_file);
        if (begin == stack.begin.end()) continue;
        for (std::size_t i = 0; i < begin->second; ++i) {
            const auto& [file, line] = stack.lines[i];
            if (i + line.jump >= begin->second)
                found.push_back(file + ":" + std::to_string(line.number));
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::optional<std::string> argument(const GateCall& call, const std::string& prefix) {
    for (const auto& given : call.arguments)
        if (given.starts_with(prefix)) return given.substr(prefix.size());
    return std::nullopt;
}

Result<GateInService> find_gate(const std::string& service_file, const GateCall& like) {
    auto file = read_for_editing(service_file);
    if (!file) return tl::make_unexpected(file.error());
    auto in_block = call_in_block(file->text);
    if (!in_block) return failure(service_file + ": " + in_block.error().message);
    const auto in_other_files = beside(*file);
    GateInService gate;
    if (*in_block) {
        (*in_block)->by_caller = like.by_caller;
        (*in_block)->spared_below = like.spared_below;
        const auto wanted = with_gate(file->text, **in_block, in_other_files);
        gate.stands_right = wanted && *wanted == file->text;
        gate.call = *std::move(*in_block);
    } else if (auto by_hand = line_by_hand(file->text, in_other_files)) {
        gate.stands_right = by_hand->stands_right && by_hand->call.same_way(like);
        gate.where = service_file + ":" + std::to_string(by_hand->number);
        gate.call = std::move(by_hand->call);
    }
    return gate;
}

}  // namespace together::ctl
