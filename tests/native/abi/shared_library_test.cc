#include "abi/shared_library.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "abi/symbol_table.h"
#include "support/outputs.h"
#include "support/probe.h"
#include "support/scratch.h"

namespace aiges {
namespace {

using test::engine_path;
using test::kind_of;
using test::Scratch;

std::string failure(const std::string& path) {
  const auto library = SharedLibrary::open(path);
  EXPECT_EQ(kind_of(library), "load");
  return library.ok() ? "" : library.status().message();
}

TEST(SharedLibrary, OpensAPath) {
  const auto library = SharedLibrary::open(engine_path("once_only"));
  ASSERT_TRUE(library.ok()) << library.status().message();
  EXPECT_EQ(library.value()->path(), std::filesystem::canonical(engine_path("once_only")).string());
  EXPECT_NE(library.value()->symbol("wrapperExec"), nullptr);
  EXPECT_EQ(library.value()->symbol("no_such_symbol"), nullptr);
}

TEST(SharedLibrary, IsOneEngineAtATime) {
  auto first = SharedLibrary::open(engine_path("once_only"));
  ASSERT_TRUE(first.ok());
  const unsigned index = first.value()->index();
  const auto second = SharedLibrary::open(engine_path("once_only"));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), Code::kRepeatedSession);
  EXPECT_NE(second.status().message().find("already loaded"), std::string::npos);
  first = Status(ErrorKind::kLoad, Code::kLoad, "test", "closed");
  const auto third = SharedLibrary::open(engine_path("once_only"));
  ASSERT_TRUE(third.ok()) << "closing gives it free";
  EXPECT_EQ(third.value()->index(), index) << "the index stays the library's";
}

TEST(SharedLibrary, AnotherWayToTheSameFileIsTheSameLibrary) {
  const Scratch scratch;
  std::filesystem::create_symlink(engine_path("once_only"), scratch.path("link.so"));
  const auto first = SharedLibrary::open(engine_path("once_only"));
  ASSERT_TRUE(first.ok());
  EXPECT_NE(failure(scratch.path("link.so")).find("already loaded"), std::string::npos);
}

TEST(SharedLibrary, ACopyIsAnotherLibrary) {
  const Scratch scratch;
  const auto first = SharedLibrary::open(engine_path("once_only"));
  const auto second = SharedLibrary::open(scratch.copy_of(engine_path("once_only"), "other.so"));
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(second.ok());
  EXPECT_NE(first.value()->index(), second.value()->index());
  EXPECT_NE(first.value()->symbol("wrapperExec"), second.value()->symbol("wrapperExec"));
}

TEST(SharedLibrary, PathWithASlashIsNotSearched) {
  const Scratch scratch;
  const test::Environment environment("LD_LIBRARY_PATH", scratch.path("").c_str());
  const std::string text = failure("./no_such_engine.so");
  EXPECT_NE(text.find("cannot load the library './no_such_engine.so'"), std::string::npos);
  EXPECT_EQ(text.find("LD_LIBRARY_PATH"), std::string::npos) << text;
  EXPECT_EQ(text.find("own search"), std::string::npos) << text;
}

TEST(SharedLibrary, SearchTellsEveryStep) {
  const Scratch scratch;
  std::filesystem::create_directory(scratch.path("one"));
  std::filesystem::create_directory(scratch.path("two"));
  scratch.file("one/no_such_engine.so", "#!/bin/sh\n");
  const std::string path = scratch.path("one") + "::" + scratch.path("two");
  const test::Environment environment("LD_LIBRARY_PATH", path.c_str());
  const std::string text = failure("no_such_engine.so");
  std::size_t at = 0;
  for (const std::string& step :
       {std::string("./no_such_engine.so (current directory): No such file"),
        scratch.path("one/no_such_engine.so (LD_LIBRARY_PATH): it is not a shared library"),
        scratch.path("two/no_such_engine.so (LD_LIBRARY_PATH): No such file"),
        std::string("no_such_engine.so (the dynamic loader's own search): ")}) {
    const std::size_t found = text.find(step, at);
    ASSERT_NE(found, std::string::npos) << step << " is not told in order in: " << text;
    at = found + step.size();
  }
}

TEST(SharedLibrary, BareNameIsFoundInTheCurrentDirectory) {
  const Scratch scratch;
  scratch.copy_of(engine_path("once_only"), "here.so");
  const test::InFolder folder(scratch.path(""));
  const test::Environment environment("LD_LIBRARY_PATH", nullptr);
  const auto library = SharedLibrary::open("here.so");
  ASSERT_TRUE(library.ok()) << library.status().message();
  EXPECT_EQ(library.value()->path(), std::filesystem::canonical(scratch.path("here.so")).string());
}

TEST(SharedLibrary, BareNameIsFoundInTheLibraryPath) {
  const Scratch scratch;
  std::filesystem::create_directory(scratch.path("lib"));
  const std::string copy = scratch.copy_of(engine_path("once_only"), "lib/there.so");
  const std::string path = scratch.path("absent") + ":" + scratch.path("lib");
  const test::Environment environment("LD_LIBRARY_PATH", path.c_str());
  const auto library = SharedLibrary::open("there.so");
  ASSERT_TRUE(library.ok()) << library.status().message();
  EXPECT_EQ(library.value()->path(), std::filesystem::canonical(copy).string());
}

TEST(SharedLibrary, BareNameIsFoundByTheLoader) {
  const test::Environment environment("LD_LIBRARY_PATH", nullptr);
  const auto library = SharedLibrary::open("libm.so.6");
  ASSERT_TRUE(library.ok()) << library.status().message();
  EXPECT_EQ(library.value()->path(), "libm.so.6");
}

TEST(SharedLibrary, LoadersOwnWordsAreTold) {
  const std::string text = failure(engine_path("undefined_symbol"));
  EXPECT_NE(text.find("wrapper_function_that_nobody_has"), std::string::npos) << text;
}

TEST(SharedLibrary, EmptyNameIsAnError) {
  EXPECT_NE(failure("").find("cannot load the library ''"), std::string::npos);
}

TEST(SharedLibrary, OfManyThreadsOneGetsIt) {
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> got{0};
    std::atomic<int> tried{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        const auto library = SharedLibrary::open(engine_path("once_only"));
        if (library.ok()) ++got;
        ++tried;
        while (tried < 4) std::this_thread::yield();  // everyone has tried before anyone lets go
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(got, 1);
  }
}

TEST(SymbolTable, ModesFollowFromTheSymbols) {
  const auto modes_of = [](const char* name) {
    const auto library = SharedLibrary::open(engine_path(name));
    const auto table = SymbolTable::resolve(*library.value(), 0);
    return table.ok() ? table.value().modes() : 0U;
  };
  const auto bit = [](Mode mode) { return static_cast<ModeSet>(mode); };
  EXPECT_EQ(modes_of("echo"), kAllModes);
  EXPECT_EQ(modes_of("once_only"), bit(Mode::kOnce));
  EXPECT_EQ(modes_of("async_only"), bit(Mode::kOnceAsync));
  EXPECT_EQ(modes_of("stream_async_only"), bit(Mode::kStreamAsync));
  EXPECT_EQ(modes_of("missing_write"), bit(Mode::kOnce));
}

TEST(SymbolTable, OptionalSymbolsAreNullWhenAbsent) {
  const auto library = SharedLibrary::open(engine_path("once_only"));
  const SymbolTable table = SymbolTable::resolve(*library.value(), 0).value();
  EXPECT_EQ(table.version, nullptr);
  EXPECT_EQ(table.set_ctrl, nullptr);
  EXPECT_EQ(table.load_res, nullptr);
  EXPECT_EQ(table.debug_info, nullptr);
  EXPECT_EQ(table.schema, nullptr);
  EXPECT_EQ(table.cancel, nullptr);
  EXPECT_EQ(table.batch_exec, nullptr);
  EXPECT_EQ(reinterpret_cast<void*>(table.exec), library.value()->symbol("wrapperExec"));
  EXPECT_EQ(reinterpret_cast<void*>(table.exec_free), library.value()->symbol("wrapperExecFree"));
}

std::string missing(const char* name, ModeSet wanted) {
  const auto library = SharedLibrary::open(engine_path(name));
  const auto table = SymbolTable::resolve(*library.value(), wanted);
  EXPECT_EQ(kind_of(table), "load");
  return table.ok() ? "" : table.status().message();
}

TEST(SymbolTable, EveryMissingSymbolIsNamed) {
  EXPECT_NE(missing("missing_error", 0).find("every engine: wrapperError"), std::string::npos);
  EXPECT_NE(missing("missing_fini_and_error", 0).find("every engine: wrapperFini, wrapperError"),
            std::string::npos);
  const std::string none = missing("missing_modes", 0);
  for (const char* line :
       {"mode once: wrapperExec, wrapperExecFree", "mode once_async: wrapperExecAsync",
        "mode stream: wrapperCreate, wrapperWrite, wrapperRead, wrapperDestroy",
        "mode stream_async: wrapperCreate, wrapperWrite, wrapperDestroy", "extern \"C\""})
    EXPECT_NE(none.find(line), std::string::npos) << line << " is not in: " << none;
}

TEST(SymbolTable, OnlyWantedModesMatter) {
  const std::string text = missing("missing_write", static_cast<ModeSet>(Mode::kStream));
  EXPECT_NE(text.find("mode stream: wrapperWrite, wrapperRead"), std::string::npos) << text;
  EXPECT_EQ(text.find("once_async"), std::string::npos) << text;
  EXPECT_EQ(text.find("stream_async"), std::string::npos) << text;
  const auto library = SharedLibrary::open(engine_path("missing_write"));
  EXPECT_TRUE(SymbolTable::resolve(*library.value(), static_cast<ModeSet>(Mode::kOnce)).ok());
}

TEST(SymbolTable, ExecWithoutExecFreeIsNoMode) {
  EXPECT_NE(missing("missing_exec_free", 0).find("mode once: wrapperExecFree"), std::string::npos);
}

}  // namespace
}  // namespace aiges
