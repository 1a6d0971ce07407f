#include "abi/list_view.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>

#include "support/outputs.h"

namespace aiges {
namespace {

using test::bytes_of;
using test::kind_of;

constexpr std::size_t kMaxNodes = 65'536;

// An engine's list, node after node.
class List {
 public:
  DataList& add(const char* key, const char* bytes) {
    return add(key, bytes, bytes ? static_cast<unsigned>(std::strlen(bytes)) : 0);
  }
  DataList& add(const char* key, const void* data, unsigned len) {
    nodes_.push_back({const_cast<char*>(key), const_cast<void*>(data), len, DataText, DataOnce,
                      nullptr, nullptr});
    if (nodes_.size() > 1) nodes_[nodes_.size() - 2].next = &nodes_.back();
    return nodes_.back();
  }
  ParamList& describe(DataList& node, const char* key, const char* value, unsigned vlen) {
    pairs_.push_back({const_cast<char*>(key), const_cast<char*>(value), vlen, nullptr});
    pDescList* tail = &node.desc;
    while (*tail) tail = &(*tail)->next;
    *tail = &pairs_.back();
    return pairs_.back();
  }
  DataList* head() { return nodes_.empty() ? nullptr : &nodes_.front(); }
  DataList& operator[](std::size_t index) { return nodes_[index]; }

 private:
  std::deque<DataList> nodes_;
  std::deque<ParamList> pairs_;
};

void expect_fault(List& list, ListFault expected, const char* in_message) {
  ListFault fault{};
  const Status status = check_list(list.head(), "wrapperExec", fault);
  EXPECT_EQ(static_cast<int>(fault), static_cast<int>(expected));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.code(), Code::kInvalidOutput);
  EXPECT_EQ(status.where(), "wrapperExec");
  EXPECT_EQ(status.message().rfind("wrapper output data invalid(key or type)", 0), 0U);
  EXPECT_NE(status.message().find(in_message), std::string::npos) << status.message();
}
void expect_good(List& list) {
  ListFault fault{};
  const Status status = check_list(list.head(), "wrapperExec", fault);
  EXPECT_EQ(kind_of(status), "ok");
  EXPECT_EQ(static_cast<int>(fault), static_cast<int>(ListFault::kNone));
}

TEST(CheckList, GoodLists) {
  List list;
  expect_good(list);
  list.describe(list.add("a", "text"), "k", "v", 1);
  list.add("", nullptr, 0);
  list.add("a", "again");
  expect_good(list);
}

TEST(CheckList, NullKey) {
  List list;
  list.add("good", "x");
  list.add(nullptr, "x");
  expect_fault(list, ListFault::kContent, "item 1 has no key");
}

TEST(CheckList, KeyTooLong) {
  const std::string longest(65'536, 'k');
  List list;
  list.add(longest.c_str(), "x");
  expect_good(list);
  const std::string longer(65'537, 'k');
  list.add(longer.c_str(), "x");
  expect_fault(list, ListFault::kContent, "key of item 1 is longer");
}

TEST(CheckList, NullDataWithALength) {
  List list;
  list.add("bad", nullptr, 16);
  expect_fault(list, ListFault::kContent, "item 0 ('bad') claims 16 bytes but its data is NULL");
}

TEST(CheckList, FirstFaultIsTold) {
  List list;
  list.add("first", nullptr, 1);
  list.add(nullptr, "x");
  expect_fault(list, ListFault::kContent, "item 0 ('first')");
}

TEST(CheckList, MoreThanFourGibibytesInTotal) {
  char bytes[16] = {};
  List list;
  list.add("a", bytes, 0xFFFFFFF0U);
  list.add("b", bytes, 0x10);
  // The first claim cannot be true either; what matters is that the sum does not wrap.
  ListFault fault{};
  EXPECT_FALSE(check_list(list.head(), "wrapperExec", fault).ok());
  EXPECT_EQ(static_cast<int>(fault), static_cast<int>(ListFault::kContent));

  const std::size_t most = 0xFFFFFFFFU;
  void* mapped =
      ::mmap(nullptr, most, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(mapped, MAP_FAILED);
  List real;
  real.add("all", mapped, 0xFFFFFFFFU);
  expect_good(real);
  real.add("more", "x");
  expect_fault(real, ListFault::kContent, "claim 4294967296 bytes in total");
  ::munmap(mapped, most);
}

TEST(CheckList, MemoryThatIsNotThatLong) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t claimed = std::size_t{4} << 20;  // large enough to be worth a look
  void* mapped =
      ::mmap(nullptr, claimed, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(mapped, MAP_FAILED);
  List list;
  list.add("liar", mapped, static_cast<unsigned>(claimed));
  expect_good(list);
  ::munmap(static_cast<char*>(mapped) + page, claimed - page);
  expect_fault(list, ListFault::kContent, "the memory it points to is not that long");
  ::munmap(mapped, page);
}

TEST(CheckList, AddressThatWrapsAround) {
  List list;
  list.add("liar", reinterpret_cast<const void*>(~std::uintptr_t{0} - 100), 4U << 20);
  expect_fault(list, ListFault::kContent, "not that long");
}

TEST(CheckList, Circles) {
  List list;
  list.add("a", "1");
  list.add("b", "2");
  list.add("c", "3");
  list[2].next = &list[1];
  expect_fault(list, ListFault::kEndless, "runs in a circle");
  list[2].next = &list[2];
  expect_fault(list, ListFault::kEndless, "runs in a circle");
  list[1].key = nullptr;  // another fault must not make it look as if it could be freed
  expect_fault(list, ListFault::kEndless, "runs in a circle");
}

TEST(CheckList, AsManyNodesAsTheLimit) {
  List list;
  for (std::size_t i = 0; i < kMaxNodes; ++i) list.add("k", nullptr, 0);
  expect_good(list);
  list.add("k", nullptr, 0);
  expect_fault(list, ListFault::kEndless, "65536");
}

TEST(CheckList, DescriptionThatDoesNotEnd) {
  List list;
  list.add("good", "x");
  DataList& node = list.add("bad", "x");
  ParamList& pair = list.describe(node, "k", "v", 1);
  pair.next = &pair;
  expect_fault(list, ListFault::kEndless, "the description of item 1 ('bad') does not end");
}

TEST(CheckList, EndlessDescriptionBehindAnotherFault) {
  List list;
  DataList& node = list.add(nullptr, "x");
  ParamList& pair = list.describe(node, "k", "v", 1);
  pair.next = &pair;
  ListFault fault{};
  EXPECT_FALSE(check_list(list.head(), "wrapperExec", fault).ok());
  EXPECT_EQ(static_cast<int>(fault), static_cast<int>(ListFault::kEndless))
      << "freeing this list would never end";
}

TEST(EmptyList, BothSpellings) {
  EXPECT_TRUE(empty_list(nullptr));
  List list;
  list.add(nullptr, nullptr, 0);
  EXPECT_TRUE(empty_list(list.head()));
  list.add("k", "x");
  EXPECT_FALSE(empty_list(list.head()));
  List keyed;
  keyed.add("k", nullptr, 0);
  EXPECT_FALSE(empty_list(keyed.head()));
  List bytes;
  bytes.add(nullptr, "x");
  EXPECT_FALSE(empty_list(bytes.head()));
}

TEST(ViewNode, PointsIntoTheList) {
  const char* bytes = "bytes";
  List list;
  DataList& node = list.add("key", bytes);
  node.type = DataVideo;
  node.status = DataEnd;
  const OutputItem item = view_node(node);
  EXPECT_EQ(item.key.data(), node.key);
  EXPECT_EQ(item.data, bytes);
  EXPECT_EQ(item.size, 5U);
  EXPECT_EQ(item.type, 3);
  EXPECT_EQ(item.status, 2);
}

TEST(ViewNode, UnknownNumbersPassThrough) {
  List list;
  DataList& node = list.add("key", "x");
  const int odd = 4711;
  std::memcpy(&node.type, &odd, sizeof odd);
  std::memcpy(&node.status, &odd, sizeof odd);
  EXPECT_EQ(view_node(node).type, odd);
  EXPECT_EQ(view_node(node).status, odd);
}

TEST(ViewDesc, LengthsAndNulls) {
  List list;
  DataList& node = list.add("key", "x");
  list.describe(node, "by length", "a\0b", 3);
  list.describe(node, nullptr, "no key", 6);
  list.describe(node, "no length", "text", 0);
  list.describe(node, "no value", nullptr, 5);
  list.describe(node, "long length", "short", (1U << 20) + 1);

  std::vector<Pair> pairs{{"kept", "before"}};
  view_desc(node, DescLength::kVlen, pairs);
  ASSERT_EQ(pairs.size(), 5U);
  EXPECT_EQ(pairs[0].key, "kept");
  EXPECT_EQ(pairs[1].value, std::string_view("a\0b", 3));
  EXPECT_EQ(pairs[2].key, "no length");
  EXPECT_EQ(pairs[2].value, "text");
  EXPECT_EQ(pairs[3].value, "");
  EXPECT_EQ(pairs[4].value, "short") << "a length beyond all reason is not believed";

  pairs.clear();
  view_desc(node, DescLength::kTerminated, pairs);
  EXPECT_EQ(pairs[0].value, "a") << "in callbacks the NUL ends a value";
}

TEST(CopyList, IsDeepAndChecked) {
  std::string bytes = "bytes";
  List list;
  list.describe(list.add("a", bytes.data(), 5), "k", "v", 1);
  list.add("b", nullptr, 0);
  list.describe(list.add("c", "three"), "x", "y", 1);
  const Result<OutputPtr> copy = copy_list(list.head(), "wrapperRead", DescLength::kVlen);
  ASSERT_TRUE(copy.ok());
  bytes = "XXXXX";
  const Output& output = *copy.value();
  ASSERT_EQ(output.items().size(), 3U);
  EXPECT_EQ(bytes_of(output.items()[0]), "bytes");
  EXPECT_NE(output.items()[0].key.data(), list[0].key);
  EXPECT_EQ(output.desc(output.items()[0])[0].value, "v");
  EXPECT_TRUE(output.desc(output.items()[1]).empty());
  EXPECT_EQ(output.desc(output.items()[2])[0].key, "x");

  list[1].len = 3;
  EXPECT_EQ(kind_of(copy_list(list.head(), "wrapperRead", DescLength::kVlen)), "engine");
}

TEST(CopyList, EmptyListIsNoOutput) {
  EXPECT_FALSE(copy_list(nullptr, "wrapperRead", DescLength::kVlen).value());
  List list;
  list.add(nullptr, nullptr, 0);
  EXPECT_FALSE(copy_list(list.head(), "wrapperRead", DescLength::kVlen).value());
}

}  // namespace
}  // namespace aiges
