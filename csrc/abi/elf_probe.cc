#include "abi/elf_probe.h"

#include <elf.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace aiges {
namespace {

std::string machine_name(unsigned machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "aarch64";
    case EM_386:
      return "x86 (32 bit)";
    case EM_ARM:
      return "ARM (32 bit)";
    case EM_RISCV:
      return "RISC-V";
    case EM_PPC64:
      return "PowerPC 64";
    case EM_S390:
      return "S/390";
    default:
      return "machine type " + std::to_string(machine);
  }
}

constexpr unsigned kThisMachine =
#if defined(__x86_64__)
    EM_X86_64;
#elif defined(__aarch64__)
    EM_AARCH64;
#else
    EM_NONE;
#endif

// What the first bytes of a file that is not a library say it is.
std::string looks_like(const char* bytes, std::size_t size) {
  const auto starts = [&](const char* magic) {
    return size >= std::strlen(magic) && std::memcmp(bytes, magic, std::strlen(magic)) == 0;
  };
  if (size == 0) return "it is empty";
  if (starts("#!")) return "it is a script";
  if (starts("!<arch>")) return "it is a static archive (.a)";
  if (starts("MZ")) return "it is a Windows library";
  if (starts("\xcf\xfa\xed\xfe")) return "it is a macOS library";
  if (starts("version https://git-lfs")) return "it is a Git LFS pointer, not the file itself";
  return "it has no ELF header";
}

}  // namespace

std::string why_not_loadable(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return std::strerror(errno);
  if (S_ISDIR(info.st_mode)) return "it is a directory; name the library in it";
  if (!S_ISREG(info.st_mode)) return "it is not a regular file";

  std::ifstream file(path, std::ios::binary);
  if (!file) return std::strerror(errno);
  Elf64_Ehdr header{};
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  const auto size = static_cast<std::size_t>(file.gcount());
  if (size < EI_NIDENT || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return "it is not a shared library: " + looks_like(reinterpret_cast<char*>(&header), size);
  // e_type and e_machine lie at the same place in 32-bit and 64-bit headers.
  if (size < offsetof(Elf64_Ehdr, e_version)) return "its ELF header is cut off";
  if (kThisMachine != EM_NONE && header.e_machine != kThisMachine) {
    return "it was built for " + machine_name(header.e_machine) + ", this process is " +
           machine_name(kThisMachine);
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64)
    return "it is a 32-bit library, this process is 64-bit";
  if (header.e_type != ET_DYN) {
    return header.e_type == ET_REL ? "it is an object file (.o); link it with -shared"
                                   : "it is an executable; link it with -shared";
  }
  return {};
}

}  // namespace aiges
