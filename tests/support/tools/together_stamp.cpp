// SPDX-License-Identifier: Apache-2.0
// together-stamp: makes a roster look as old as a test needs it, or shows how old it is.
//
//   together-stamp --config PATH --show
//   together-stamp --config PATH (--age DURATION | --future DURATION)
//                  [--other-boot] [--other-namespace] [--header | --stamp]
//   together-stamp --config PATH (--stepped-forward DURATION | --stepped-back DURATION)
//
// Rewrites the validation in the snapshot's header and the stamp file; with --header the header
// alone (the stamp file then speaks of another snapshot and changes nothing), with --stamp the
// stamp file alone (which only extends: an older one changes nothing). The snapshot is replaced by
// rename, as ever. DURATION as in together.conf: 500ms, 30s, 25h. Exit: 0 done, 1 failed, 2 usage.
//
// --stepped-…: as if somebody had set the wall clock since all of it was written. Real time moves
// in header, stamp and last attempt; boottime, boot and what the files say otherwise stay.
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <span>
#include <sstream>

#include "common/roster/last_attempt.h"
#include "common/roster/roster.h"
#include "common/system/duration.h"
#include "common/system/overwritten_file.h"
#include "common/system/utc.h"

using namespace together;

namespace {

struct Options {
    std::string config_path = default_config_path;
    bool show = false;
    std::optional<Nanoseconds> age;
    std::optional<Nanoseconds> step;  // of the wall clock, since the files were written
    bool other_boot = false;
    bool other_namespace = false;
    bool write_header = true;
    bool write_stamp = true;
};

std::optional<Options> parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        const auto value = [&] { return ++i < argc ? argv[i] : ""; };
        if (option == "--config") {
            options.config_path = value();
        } else if (option == "--age" || option == "--future") {
            options.age = parse_duration(value());
            if (!options.age) return std::nullopt;
            if (option == "--future") options.age = -*options.age;
        } else if (option == "--stepped-forward" || option == "--stepped-back") {
            options.step = parse_duration(value());
            if (!options.step) return std::nullopt;
            if (option == "--stepped-back") options.step = -*options.step;
        } else if (option == "--show") {
            options.show = true;
        } else if (option == "--other-boot") {
            options.other_boot = true;
        } else if (option == "--other-namespace") {
            options.other_namespace = true;
        } else if (option == "--header") {
            options.write_stamp = false;
        } else if (option == "--stamp") {
            options.write_header = false;
        } else {
            return std::nullopt;
        }
    }
    const bool one_thing = options.show + options.age.has_value() + options.step.has_value() == 1;
    const bool something = options.write_header || options.write_stamp;
    return one_thing && something ? std::optional(options) : std::nullopt;
}

Moment moment_for(const Options& options) {
    Moment moment = SystemClock().now();
    moment.boottime -= options.age->count();
    moment.realtime -= options.age->count();
    if (options.other_boot) moment.boot_id[0] = static_cast<std::uint8_t>(~moment.boot_id[0]);
    if (options.other_namespace) ++moment.time_namespace;
    return moment;
}

void show(std::string_view what, const Moment& validated, const Config& config) {
    const Moment now = SystemClock().now();
    const Age age = age_of(validated, now, config.fresh_for);
    std::cout << what << ": " << format_utc(validated.realtime) << ", "
              << (age.uncertain ? "from the future" : format_age(age.value) + " ago")
              << (same_timeline(validated, now) ? "" : ", another boot or time namespace") << "\n";
}

// The snapshot's bytes with another validation in its header, and the digest that this makes.
std::pair<std::string, Digest> restamped(const RosterPaths& paths, SnapshotHeader header,
                                         const Moment& validated) {
    std::ostringstream content;
    content << std::ifstream(paths.snapshot, std::ios::binary).rdbuf();
    std::string bytes = content.str();
    const auto database = std::span(bytes).first(bytes.size() - sizeof header);
    header.validated = validated;
    DigestStream digest;
    digest.update(std::as_bytes(database));
    digest.update(digested_part(header));
    header.digest = digest.finish();
    header.checksum = checksum_of(header);
    std::memcpy(database.data() + database.size(), &header, sizeof header);
    return {bytes, header.digest};
}

Result<void> replace(const RosterPaths& paths, const std::string& bytes) {
    if (auto written = overwrite_in_place(paths.temporary(), bytes); !written) return written;
    std::error_code error;
    std::filesystem::rename(paths.temporary(), paths.snapshot, error);
    if (error) return failure("cannot rename " + paths.temporary() + ": " + error.message());
    return {};
}

Result<void> write_stamp(const RosterPaths& paths, const Stamp& stamp) {
    const auto bytes = encode_stamp(stamp);
    return overwrite_in_place(paths.stamp(),
                              {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Result<Digest> rewrite_header(const RosterPaths& paths, const Roster& roster,
                              const Moment& validated) {
    const auto [bytes, digest] = restamped(paths, roster.snapshot.header(), validated);
    if (auto replaced = replace(paths, bytes); !replaced)
        return tl::make_unexpected(replaced.error());
    return digest;
}

Result<void> rewrite(const Options& options, const RosterPaths& paths, const Roster& roster) {
    const Moment validated = moment_for(options);
    Digest digest = roster.snapshot.header().digest;
    if (options.write_header) {
        const auto rewritten = rewrite_header(paths, roster, validated);
        if (!rewritten) return tl::make_unexpected(rewritten.error());
        digest = *rewritten;
    }
    return options.write_stamp ? write_stamp(paths, {validated, digest}) : Result<void>();
}

// A clock that was set forward by a day makes what was written before look a day older by it.
Moment before_the_step(Moment moment, Nanoseconds step) {
    moment.realtime -= step.count();
    return moment;
}

Result<void> step_clock(Nanoseconds step, const RosterPaths& paths, const Roster& roster) {
    const SnapshotHeader& header = roster.snapshot.header();
    const auto stamp = read_stamp(paths);
    const auto digest = rewrite_header(paths, roster, before_the_step(header.validated, step));
    if (!digest) return tl::make_unexpected(digest.error());
    if (stamp && stamp->digest == header.digest) {
        auto written = write_stamp(paths, {before_the_step(stamp->validated, step), *digest});
        if (!written) return written;
    }
    auto attempt = read_last_attempt(paths);
    if (!attempt) return {};
    attempt->attempted = before_the_step(attempt->attempted, step);
    return write_last_attempt(paths, *attempt);
}

Result<void> run(const Options& options) {
    const auto config = load_config(options.config_path);
    if (!config) return tl::make_unexpected(config.error());
    const RosterPaths paths(*config);
    const auto roster = open_roster(*config, SystemClock().now());
    if (!roster) return failure(roster.error().message);
    if (options.step) return step_clock(*options.step, paths, *roster);
    if (!options.show) return rewrite(options, paths, *roster);
    show("header", roster->snapshot.header().validated, *config);
    const auto stamp = read_stamp(paths);
    if (!stamp)
        std::cout << "stamp: none\n";
    else if (stamp->digest != roster->snapshot.header().digest)
        std::cout << "stamp: of another snapshot\n";
    else
        show("stamp", stamp->validated, *config);
    show("in force", roster->validated, *config);
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    const auto options = parse(argc, argv);
    if (!options) {
        std::cerr << "usage: together-stamp --config PATH --show\n"
                     "       together-stamp --config PATH (--age DURATION | --future DURATION)\n"
                     "                      [--other-boot] [--other-namespace] "
                     "[--header | --stamp]\n"
                     "       together-stamp --config PATH (--stepped-forward DURATION |\n"
                     "                      --stepped-back DURATION)\n";
        return 2;
    }
    if (const auto done = run(*options); !done) {
        std::cerr << "together-stamp: " << done.error().message << "\n";
        return 1;
    }
    return 0;
}
