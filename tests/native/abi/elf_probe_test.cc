#include "abi/elf_probe.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>
#include <string>

#include "support/probe.h"
#include "support/scratch.h"

namespace aiges {
namespace {

using test::Scratch;

// The header of a library that this process could load.
Elf64_Ehdr good_header() {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_DYN;
#if defined(__aarch64__)
  header.e_machine = EM_AARCH64;
#else
  header.e_machine = EM_X86_64;
#endif
  return header;
}
std::string bytes_of(const Elf64_Ehdr& header) {
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

class ElfProbe : public testing::Test {
 protected:
  std::string why(const std::string& content) {
    return why_not_loadable(scratch_.file("file.so", content));
  }
  Scratch scratch_;
};

TEST_F(ElfProbe, RealLibraryIsFine) {
  EXPECT_EQ(why_not_loadable(test::engine_path("echo")), "");
  EXPECT_EQ(why(bytes_of(good_header())), "");
}

TEST_F(ElfProbe, NoFile) {
  EXPECT_EQ(why_not_loadable(scratch_.path("absent.so")), std::strerror(ENOENT));
  EXPECT_EQ(why_not_loadable(""), std::strerror(ENOENT));
}

TEST_F(ElfProbe, NotARegularFile) {
  EXPECT_NE(why_not_loadable(scratch_.path("")).find("directory"), std::string::npos);
  EXPECT_NE(why_not_loadable("/dev/null").find("not a regular file"), std::string::npos);
  const std::string pipe = scratch_.path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_NE(why_not_loadable(pipe).find("not a regular file"), std::string::npos)
      << "and it must not be opened: that would block";
}

TEST_F(ElfProbe, SaysWhatAFileLooksLike) {
  EXPECT_NE(why("").find("it is empty"), std::string::npos);
  EXPECT_NE(why("#!/bin/sh\n").find("script"), std::string::npos);
  EXPECT_NE(why("!<arch>\n").find("static archive"), std::string::npos);
  EXPECT_NE(why("MZ\x90").find("Windows"), std::string::npos);
  EXPECT_NE(why("\xcf\xfa\xed\xfe").find("macOS"), std::string::npos);
  EXPECT_NE(why("version https://git-lfs.github.com/spec/v1\n").find("Git LFS"), std::string::npos);
  EXPECT_NE(why("hello, world, this is a text").find("no ELF header"), std::string::npos);
  EXPECT_NE(why("\x7f").find("no ELF header"), std::string::npos);
}

TEST_F(ElfProbe, CutOffHeader) {
  EXPECT_NE(why(bytes_of(good_header()).substr(0, 17)).find("cut off"), std::string::npos);
}

TEST_F(ElfProbe, AnotherMachine) {
  Elf64_Ehdr header = good_header();
  header.e_machine = header.e_machine == EM_AARCH64 ? EM_X86_64 : EM_AARCH64;
  const std::string text = why(bytes_of(header));
  EXPECT_NE(text.find("x86-64"), std::string::npos) << text;
  EXPECT_NE(text.find("aarch64"), std::string::npos) << text;
  for (const auto& [machine, name] : {std::pair<unsigned, const char*>{EM_386, "x86 (32 bit)"},
                                      {EM_ARM, "ARM"},
                                      {EM_RISCV, "RISC-V"},
                                      {EM_PPC64, "PowerPC"},
                                      {EM_S390, "S/390"},
                                      {4711U, "machine type 4711"}}) {
    header.e_machine = static_cast<Elf64_Half>(machine);
    EXPECT_NE(why(bytes_of(header)).find(name), std::string::npos) << name;
  }
}

TEST_F(ElfProbe, AnotherKind) {
  Elf64_Ehdr header = good_header();
  header.e_type = ET_REL;
  EXPECT_NE(why(bytes_of(header)).find("object file"), std::string::npos);
  header.e_type = ET_EXEC;
  EXPECT_NE(why(bytes_of(header)).find("executable"), std::string::npos);
  header.e_type = ET_DYN;
  header.e_ident[EI_CLASS] = ELFCLASS32;
  EXPECT_NE(why(bytes_of(header)).find("32-bit"), std::string::npos);
}

}  // namespace
}  // namespace aiges
