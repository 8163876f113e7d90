// SPDX-License-Identifier: Apache-2.0
// In each adapter: which release it is of and, for Slurm's, for which Slurm. togetherctl doctor
// looks for it in the file (module_check.cpp), because an adapter exports only what the
// program that loads it looks up.
// "@(#)" is the sign of what(1).
extern "C" {
extern const char together_adapter_build[];
const char together_adapter_build[] = "@(#)" TOGETHER_ADAPTER_BUILD;
}
