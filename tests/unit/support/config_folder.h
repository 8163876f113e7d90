// SPDX-License-Identifier: Apache-2.0
// A folder with together.conf in it, as /etc/together is one.
#pragma once

#include "common/node_config/node_config.h"
#include "tests/unit/support/files.h"
#include "tests/unit/support/temporary_directory.h"

class ConfigFolder {
  public:
    ConfigFolder() { write("together.conf", required()); }

    // The two keys without which there is no configuration.
    static std::string required() {
        return "[api]\nbase_url = https://api.example.com/v1\nproject = proj_a\n";
    }

    void write(const std::string& name, const std::string& text, mode_t mode = 0644) const {
        make_directory((directory_ / name).substr(0, (directory_ / name).rfind('/')));
        write_file(directory_ / name, text, mode);
    }
    std::string operator/(const std::string& name) const { return directory_ / name; }
    std::string path() const { return directory_ / "together.conf"; }
    const TemporaryDirectory& directory() const { return directory_; }

    together::Result<together::NodeConfig> load() const {
        return together::load_node_config(path());
    }

    // What is wrong with together.conf; "" where nothing is.
    std::string error() const {
        const auto config = load();
        return config ? std::string() : config.error().message;
    }
    std::string error_of(const std::string& text) const {
        write("together.conf", text);
        return error();
    }

  private:
    TemporaryDirectory directory_;
};
