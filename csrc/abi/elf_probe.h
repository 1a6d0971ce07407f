#pragma once

#include <string>

namespace aiges {

// Why the file at `path` cannot be loaded into this process as a shared library, in words, judged
// by its ELF header (System V ABI, "ELF Header"); empty when the header is right. The dynamic
// loader reports most of these less helpfully ("invalid ELF header", "cannot open shared object
// file").
std::string why_not_loadable(const std::string& path);

}  // namespace aiges
