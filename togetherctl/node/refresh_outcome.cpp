// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/node/refresh_outcome.h"

#include <algorithm>
#include <array>

namespace together::ctl {
namespace {

using together::RefreshOutcome;

struct Row {
    RefreshOutcome outcome;
    std::string_view name;
    std::string_view meaning;
};
constexpr std::array rows = std::to_array<Row>({
    {RefreshOutcome::valid, "valid", "The roster is valid."},
    {RefreshOutcome::node_fault, "node_fault",
     "This node cannot take a new roster. The one that stands here decides up to [roster] "
     "local_fault_for."},
    {RefreshOutcome::no_answer, "no_answer",
     "There is no newer roster: the role authority gave no usable answer, or this node could not "
     "store it. The roster that stands here, if any, goes on deciding."},
    {RefreshOutcome::token_refused, "token_refused",
     "The role authority refuses this node's token. Put a valid one into [api] token_file."},
    {RefreshOutcome::configuration, "configuration",
     "The configuration, the token or the roster file is wrong (togetherctl config)."},
});

// The outcome may come from a file or an exit status: any number at all.
const Row* row_of(RefreshOutcome outcome) {
    const auto found = std::find_if(rows.begin(), rows.end(),
                                    [&](const Row& row) { return row.outcome == outcome; });
    return found == rows.end() ? nullptr : &*found;
}

}  // namespace

std::string_view name_of(RefreshOutcome outcome) {
    const Row* row = row_of(outcome);
    return row == nullptr ? "unknown" : row->name;
}

std::string_view meaning_of(RefreshOutcome outcome) {
    const Row* row = row_of(outcome);
    return row == nullptr ? "together-refresh ended in an unknown way." : row->meaning;
}

bool is_known(RefreshOutcome outcome) {
    return row_of(outcome) != nullptr;
}

}  // namespace together::ctl
