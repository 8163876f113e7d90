// SPDX-License-Identifier: Apache-2.0
// Gives back what the C++ runtime inside the module took when it was loaded: 72 KB kept for
// exceptions thrown when memory is exhausted, which nobody else frees at dlclose. A host that makes
// a thousand PAM handles would grow by 72 MB (seen).
//
// Only where the runtime is inside: a shared one still needs them.
namespace __gnu_cxx {  // NOLINT(bugprone-reserved-identifier): libstdc++'s
void __freeres();      // NOLINT(bugprone-reserved-identifier)
}

[[gnu::destructor]] static void give_back_the_runtimes_memory() {
    __gnu_cxx::__freeres();
}
