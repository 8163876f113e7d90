#include "held_folders.h"

namespace together {

HeldFolders::HeldFolders(Config config) : original_path_(config.path), config_(std::move(config)) {
    config_.directory = hold(config_.directory);
    const std::string folder = config_.folder();
    config_.path = hold(folder) + config_.path.substr(folder.size());
}

std::string HeldFolders::hold(const std::string& folder) {
    Held held{FileDescriptor(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), {}, folder};
    if (!held.descriptor) return folder;
    held.link = "/proc/self/fd/" + std::to_string(held.descriptor.get());
    held_.push_back(std::move(held));
    return held_.back().link;
}

std::string HeldFolders::with_names(std::string text) const {
    for (const auto& [descriptor, link, name] : held_) {
        const std::string inside = link + "/";
        for (std::size_t at = 0; (at = text.find(inside, at)) != text.npos; at += name.size())
            text.replace(at, link.size(), name);
    }
    return text;
}

}  // namespace together
