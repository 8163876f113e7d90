// SPDX-License-Identifier: Apache-2.0
// togetherctl decisions: what the gate answered on this node, as together-refresh --watch keeps it.
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "cli/command_line.h"
#include "cli/output.h"
#include "common/decision/decision_report.h"
#include "common/decision/log_fields.h"
#include "common/system/errno_text.h"
#include "common/system/file_descriptor.h"
#include "common/system/io.h"
#include "common/system/parse_number.h"
#include "common/system/trusted_file.h"
#include "togetherctl/commands/verbs.h"

namespace together::ctl {
namespace {

using namespace together;

constexpr std::size_t usual_number = 20;

using Lines = std::vector<std::string>;

// Whole lines only: the last may still be written.
tl::expected<Lines, OpenFailure> read_journal() {
    const auto text = read_trusted(decisions_journal, max_decisions_journal);
    if (!text) return tl::make_unexpected(text.error());
    Lines lines;
    std::string_view rest = *text;
    while (true) {
        const auto end = rest.find('\n');
        if (end == rest.npos) return lines;
        lines.emplace_back(rest.substr(0, end));
        rest.remove_prefix(end + 1);
    }
}

Json::Value json_of_line(const std::string& line) {
    Json::Value json(Json::objectValue);
    // What the sender wrote stands behind what was written of it.
    for (const auto& [key, value] : fields_in(line))
        if (!json.isMember(key)) json[key] = value;
    return json;
}

std::string time_and_answer(const std::string& line) {
    const auto fields = fields_in(line);
    std::string text = field_in(line, "time");
    if (const auto sender = field_in(line, "sender"); sender != "0") text += " sender=" + sender;
    for (const auto& [key, value] : fields) {
        const bool unknown = value == "-";
        if (key == "login" || key == "uid" || key == "service" || key == "rhost" ||
            key == "verdict" || key == "reason" || key == "role" || key == "age" ||
            key == "would" || key == "detail" || key == "step" || key == "request" ||
            key == "times")
            text += unknown ? "" : " " + key + "=" + value;
    }
    return text;
}

void show(const Lines& lines, std::size_t first, Output& output) {
    for (std::size_t i = first; i < lines.size(); ++i)
        output.line(time_and_answer(lines[i]),
                    fields_in(lines[i]).empty() ? Tone::warning : Tone::plain);
}

// As lines of JSON: a reader has each at once.
void write(const Lines& lines, std::size_t first, Output& output) {
    if (!output.json()) return show(lines, first, output);
    for (std::size_t i = first; i < lines.size(); ++i) output.json_line(json_of_line(lines[i]));
}

// Behind the last line that was there before; the journal may have been replaced by one without the
// last ones of a sender who sent many since.
std::size_t first_unseen(const Lines& lines, const Lines& before) {
    const std::unordered_set<std::string_view> seen(before.begin(), before.end());
    const auto found = std::find_if(lines.rbegin(), lines.rend(),
                                    [&](const auto& line) { return seen.contains(line); });
    return static_cast<std::size_t>(lines.rend() - found);
}

class Changes {
  public:
    Changes() : descriptor_(::inotify_init1(IN_CLOEXEC)) {
        if (descriptor_)
            watching_ = ::inotify_add_watch(descriptor_.get(), decisions_folder,
                                            IN_MODIFY | IN_MOVED_TO) >= 0;
    }
    explicit operator bool() const { return watching_; }

    void wait() const {
        std::array<char, 4096> events;
        static_cast<void>(read_some(descriptor_.get(), events.data(), events.size()));
    }

  private:
    FileDescriptor descriptor_;
    bool watching_ = false;
};

// Until the reader of stdout is gone or a signal comes.
int follow(const Changes& changes, Lines seen, Output& output) {
    while (output.flush()) {
        changes.wait();
        auto lines = read_journal();
        if (!lines || lines->empty()) continue;
        write(*lines, first_unseen(*lines, seen), output);
        seen = *std::move(lines);
    }
    return exit_cannot_tell;
}

std::string why_none(const OpenFailure& failure) {
    if (failure.kind != FileError::missing) return failure.message;
    return "nothing is recorded on this node: together-refresh --watch does not run, or nobody "
           "asked since it started";
}

int run(const CommandLine& line, Output& output) {
    if (::geteuid() != 0) return output.fail("decisions: needs root");
    const auto wanted = line.value("last");
    const auto number = wanted ? parse_number<std::size_t>(*wanted) : std::optional(usual_number);
    if (!number) return output.fail("decisions: --last " + *wanted + " is no number");
    // Before the first reading: nothing is missed between the two.
    const Changes changes;
    const auto lines = read_journal();
    const bool follows = line.has("follow");
    if (!lines && (!follows || lines.error().kind != FileError::missing))
        return output.fail("decisions: " + why_none(lines.error()));
    if (follows && !changes)
        return output.fail("decisions: " + errno_text("cannot watch /run/together", errno));
    Lines known = lines ? *lines : Lines();
    write(known, known.size() - std::min(*number, known.size()), output);
    if (!follows) return exit_yes;
    return follow(changes, std::move(known), output);
}

constexpr std::array<Option, 2> options = {{
    {"follow", "", "go on with those that come, until Ctrl-C"},
    {"last", "N", "begin with the last N; 20 without it"},
}};

constexpr std::array<Status, 2> statuses = {{
    {"0", "shown"},
    {"2", "none are recorded, or wrong usage"},
}};

}  // namespace

constinit const Verb decisions_verb = {
    .name = "decisions",
    .operand = "",
    .summary = "what the gate answered on this node",
    .about =
        "Shows the last decisions of this node's doors, of the thousand that together-refresh "
        "keeps\n"
        "of each sender while it watches. Nobody waits for it: where it does not run, or "
        "decisions\n"
        "come faster than it counts, they are in the log alone. In JSON, a document a line.",
    .options = options,
    .statuses = statuses,
    .example = "togetherctl decisions --follow",
    .run = run,
};

}  // namespace together::ctl
