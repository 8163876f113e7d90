// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/enabling/edit_report.h"

#include "togetherctl/editing/text_diff.h"

namespace together::ctl {
namespace {

using Written = tl::expected<void, WriteFailure>;

Written carry_out_one(const PlannedEdit& edit, bool enable, CarriedOut& result) {
    const auto lock = EditLock::take(edit.file);
    if (!lock) return tl::make_unexpected(lock.error());
    tl::expected<bool, WriteFailure> made_backup = false;
    if (enable) made_backup = keep_backup(*lock, edit.file, edit.without_us);
    if (!made_backup) return tl::make_unexpected(made_backup.error());
    const auto replaced = replace(*lock, edit.file, edit.after);
    if (!replaced) {
        if (*made_backup) drop_backup(*lock, edit.file, edit.without_us);
        return tl::make_unexpected(replaced.error());
    }
    if (!replaced->warning.empty()) result.warnings.push_back(replaced->warning);
    const std::string backup = edit.file.target + backup_suffix;
    if (enable)
        result.done.push_back(edit.file.target + ": changed; as it was: " + backup);
    else if (edit.after != edit.without_us)
        result.done.push_back(edit.file.target + ": changed; other lines of togetherctl stay");
    else if (drop_backup(*lock, edit.file, edit.after))
        result.done.push_back(edit.file.target + ": as it was before");
    else
        result.done.push_back(edit.file.target +
                              ": our lines are taken out; it was changed meanwhile, and " + backup +
                              " stays as it was before that");
    return {};
}

// Of an enable that was killed before it replaced the file.
void drop_left_backup(const PlannedEdit& edit) {
    if (const auto lock = EditLock::take(edit.file)) drop_backup(*lock, edit.file, edit.after);
}

}  // namespace

void show_plan(const Plan& plan, Output& output) {
    for (const auto& edit : plan.edits) {
        const auto diff = unified_diff(edit.file.target, edit.file.text, edit.after);
        if (diff.empty()) output.line(edit.file.target + ": nothing to change");
        for (std::size_t at = 0; at < diff.size();) {
            const auto end = diff.find('\n', at);
            output.line(diff.substr(at, end - at), diff[at] == '+'   ? Tone::good
                                                   : diff[at] == '-' ? Tone::bad
                                                                     : Tone::plain);
            at = end + 1;
        }
    }
    for (const auto& note : plan.notes) output.line("Note: " + note, Tone::warning);
}

Json::Value json_of(const Plan& plan) {
    Json::Value json;
    json["files"] = Json::arrayValue;
    for (const auto& edit : plan.edits) {
        Json::Value file;
        file["path"] = edit.file.path;
        file["target"] = edit.file.target;
        file["changes"] = edit.changes();
        file["diff"] = unified_diff(edit.file.target, edit.file.text, edit.after);
        file["lines"] = Json::arrayValue;
        for (const auto& line : edit.lines) file["lines"].append(line);
        json["files"].append(file);
    }
    json["notes"] = Json::arrayValue;
    for (const auto& note : plan.notes) json["notes"].append(note);
    json["still_open"] = Json::arrayValue;
    for (const auto& what : plan.still_open) json["still_open"].append(what);
    return json;
}

CarriedOut carry_out(const Plan& plan, bool enable) {
    CarriedOut result;
    if (!plan.managed_by.empty()) {
        result.how = Carried::elsewhere;
        result.elsewhere.push_back(plan.managed_by);
        return result;
    }
    for (const auto& edit : plan.edits) {
        if (!edit.changes()) {
            if (!enable) drop_left_backup(edit);
            continue;
        }
        const auto written = carry_out_one(edit, enable, result);
        if (written) continue;
        if (written.error().kind == WriteError::managed_elsewhere) {
            result.how = Carried::elsewhere;
            result.elsewhere.push_back(written.error().message);
            continue;
        }
        result.how = Carried::not_out;
        result.problem = written.error().message;
        for (const auto& done : result.done) result.problem += "; done before that: " + done;
        break;
    }
    return result;
}

void show(const Plan& plan, const CarriedOut& result, Output& output) {
    for (const auto& done : result.done) output.line(done, Tone::good);
    for (const auto& warning : result.warnings) output.line("Note: " + warning, Tone::warning);
    if (result.how != Carried::elsewhere) return;
    for (const auto& why : result.elsewhere) output.line(why, Tone::bad);
    output.line(
        "This file is managed by something else (an image, a ConfigMap, a mount). Change it "
        "there:");
    for (const auto& edit : plan.edits) {
        if (!edit.changes()) continue;
        if (edit.lines.empty()) {
            output.line(edit.file.path + ", without the lines that togetherctl enable wrote");
            continue;
        }
        output.line(edit.file.path + (edit.account_lines ? ", as its first account lines:" : ":"));
        for (const auto& line : edit.lines) output.line("  " + line);
    }
}

}  // namespace together::ctl
