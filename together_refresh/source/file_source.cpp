// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/source/file_source.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdint>

#include "common/system/errno_text.h"
#include "common/system/io.h"
#include "together_refresh/source/believable.h"
#include "together_refresh/source/roster_document.h"

namespace together {
namespace {

constexpr off_t max_file = off_t{1} << 30;

Result<std::string> read_whole(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) return failure(errno_text("cannot look at it", errno));
    if (status.st_size > max_file) return failure("it is larger than 1 GiB");
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    const auto got = read_full_at(fd, text.data(), text.size(), 0);
    if (got < 0) return failure(errno_text("cannot read it", errno));
    if (got < status.st_size) return failure("it became shorter while it was read");
    return text;
}

}  // namespace

FetchSummary FileSource::fetch(const FetchRequest&, FetchSink& sink) {
    const std::string path = config_.roster_file();
    sink.note("reading " + path);
    const auto text = read_whole(descriptor_);
    if (!text) return failed_fetch(FetchOutcome::our_fault, path + ": " + text.error().message);
    const auto page = parse_roster_page(*text, config_.project, included(config_), SIZE_MAX);
    if (!page) return failed_fetch(FetchOutcome::no_answer, path + ": " + page.error().message);
    if (!page->next_cursor.empty())
        return failed_fetch(FetchOutcome::no_answer,
                            path + ": next_cursor is not null, but a roster file is one page");
    RosterCounts counts;
    counts.add(*page);
    if (const auto reason = why_not_believed(counts))
        return failed_fetch(FetchOutcome::no_answer, path + ": " + *reason);
    give_entries(*page, sink);
    if (page->accounts.group) sink.group(*page->accounts.group);
    FetchSummary summary;
    summary.outcome = FetchOutcome::complete;
    summary.revision = page->revision;
    summary.left_out = static_cast<std::uint32_t>(counts.left_out);
    summary.message = warnings_about(counts);
    return summary;
}

}  // namespace together
