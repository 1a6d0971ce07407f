#include "engine/resource_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <thread>

#include "support/outputs.h"

namespace aiges {
namespace {

std::uint32_t loaded(ResourceTable& table) {
  const std::uint32_t id = table.reserve();
  table.add(id);
  return id;
}

TEST(ResourceTable, IdsStartAtOneAndDiffer) {
  ResourceTable table;
  EXPECT_EQ(table.reserve(), 1U);  // also when the first is never added
  EXPECT_EQ(loaded(table), 2U);
  EXPECT_EQ(loaded(table), 3U);
  EXPECT_EQ(table.size(), 2U);
}

TEST(ResourceTable, ReservedIsNotYetUsable) {
  ResourceTable table;
  const std::array ids{table.reserve()};
  const Status status = table.acquire(ids);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(test::kind_of(status), "invalid data");
  EXPECT_EQ(status.code(), Code::kInvalidData);
  EXPECT_NE(status.message().find("resource 1 "), std::string::npos) << status.message();
}

TEST(ResourceTable, AcquireIsAllOrNothing) {
  ResourceTable table;
  const std::uint32_t known = loaded(table);
  const std::array mixed{known, std::uint32_t{77}};
  const Status status = table.acquire(mixed);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.message().find("77"), std::string::npos);
  EXPECT_TRUE(table.remove(known).ok()) << "the known one must not be marked";
}

TEST(ResourceTable, UsedResourceStays) {
  ResourceTable table;
  const std::array ids{loaded(table)};
  ASSERT_TRUE(table.acquire(ids).ok());
  ASSERT_TRUE(table.acquire(ids).ok());
  Status status = table.remove(ids[0]);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(test::kind_of(status), "session");
  EXPECT_EQ(status.code(), Code::kUnloadResource);
  EXPECT_NE(status.message().find("in use by 2"), std::string::npos) << status.message();
  table.release(ids);
  EXPECT_FALSE(table.remove(ids[0]).ok());
  table.release(ids);
  EXPECT_TRUE(table.remove(ids[0]).ok());
  EXPECT_EQ(table.size(), 0U);
}

TEST(ResourceTable, NamedTwiceInOneRequest) {
  ResourceTable table;
  const std::uint32_t id = loaded(table);
  const std::array twice{id, id};
  ASSERT_TRUE(table.acquire(twice).ok());
  EXPECT_FALSE(table.remove(id).ok());
  table.release(twice);
  EXPECT_TRUE(table.remove(id).ok());
}

TEST(ResourceTable, UnknownCannotBeRemoved) {
  ResourceTable table;
  EXPECT_EQ(test::kind_of(table.remove(5)), "invalid data");
  const std::uint32_t id = loaded(table);
  EXPECT_TRUE(table.remove(id).ok());
  EXPECT_EQ(test::kind_of(table.remove(id)), "invalid data");
}

TEST(ResourceTable, NothingIsAlwaysFine) {
  ResourceTable table;
  EXPECT_TRUE(table.acquire({}).ok());
  table.release({});
}

TEST(ResourceTable, RemoveAllTellsWhatThereWas) {
  ResourceTable table;
  std::vector<std::uint32_t> ids{loaded(table), loaded(table), loaded(table)};
  ASSERT_TRUE(table.remove(ids[1]).ok());
  std::vector<std::uint32_t> removed = table.remove_all();
  std::sort(removed.begin(), removed.end());
  EXPECT_EQ(removed, (std::vector{ids[0], ids[2]}));
  EXPECT_EQ(table.size(), 0U);
  EXPECT_TRUE(table.remove_all().empty());
}

TEST(ResourceTable, ManyThreads) {
  ResourceTable table;
  const std::array shared{loaded(table)};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        const std::array own{loaded(table)};
        EXPECT_TRUE(table.acquire(own).ok());
        EXPECT_TRUE(table.acquire(shared).ok());
        EXPECT_FALSE(table.remove(own[0]).ok());
        table.release(shared);
        table.release(own);
        EXPECT_TRUE(table.remove(own[0]).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(table.remove(shared[0]).ok());
  EXPECT_EQ(table.size(), 0U);
}

}  // namespace
}  // namespace aiges
