// SPDX-License-Identifier: Apache-2.0
#include "together_cli/commands/secret.h"

#include <sys/stat.h>

#include "cli/printable.h"

namespace together::cli {

Outcome<SecretPlace> SecretPlace::open(Session& session) {
    SecretPlace place;
    const auto path = session.line.value("out");
    if (!path) return place;
    // What is put there takes the place of a device, too.
    struct stat status {};
    if (::lstat(path->c_str(), &status) == 0 && !S_ISREG(status.st_mode))
        return trouble(exit_cannot_tell,
                       "--out " + in_quotes(*path) + " is there, and is no regular file");
    place.file_ = std::make_unique<AtomicFile>(*path);
    if (const auto opened = place.file_->open(); !opened)
        return trouble(exit_cannot_tell, opened.error().message);
    return place;
}

Outcome<int> SecretPlace::keep(Session& session, const Json::Value& answer,
                               const std::string& made) {
    const auto secret = text_in(answer, "token");
    if (secret.empty())
        return trouble(exit_unreachable, made + ", but its secret was lost on the way: remove " +
                                             text_in(answer, "id") + " and make another");
    auto told = answer;
    if (file_) {
        const auto written = file_->write(secret + "\n")
                                 .and_then([&] { return file_->finish(0600); })
                                 .and_then([&]() -> FileStep {
                                     const auto done = file_->commit();
                                     if (!done) return tl::make_unexpected(done.error());
                                     return {};
                                 });
        if (!written) return trouble(exit_cannot_tell, made + ", but " + written.error().message);
        told.removeMember("token");
    }
    if (session.output.json()) {
        session.output.document(told);
        return exit_yes;
    }
    session.say(made + (file_ ? "; its secret is in " + session.option("out")
                              : ". This is its secret, shown once:"));
    if (!file_) session.output.line(secret);
    return exit_yes;
}

}  // namespace together::cli
