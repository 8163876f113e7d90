// SPDX-License-Identifier: Apache-2.0
// A plug-in that was loaded as Slurm loads it.
#pragma once

#include <CppUTest/TestHarness.h>
#include <dlfcn.h>

class Adapter {
  public:
    explicit Adapter(const char* path) : handle_(::dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
        if (handle_ == nullptr) FAIL(::dlerror());
    }
    ~Adapter() { close(); }
    Adapter(const Adapter&) = delete;
    Adapter& operator=(const Adapter&) = delete;

    void close() {
        if (handle_ != nullptr) ::dlclose(handle_);
        handle_ = nullptr;
    }

    template <class Function>
    Function* find(const char* name) const {
        void* symbol = ::dlsym(handle_, name);
        if (symbol == nullptr) FAIL(name);
        return reinterpret_cast<Function*>(symbol);
    }

  private:
    void* handle_;
};
