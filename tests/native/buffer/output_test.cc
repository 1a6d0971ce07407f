#include "buffer/output.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "buffer/owned_output.h"
#include "support/outputs.h"

namespace aiges {
namespace {

using test::bytes_of;
using test::item_of;

// Counts how often its last reference went.
class Counted final : public Output {
 public:
  explicit Counted(int& disposed) : disposed_(disposed) {}
  using Output::add_desc;
  using Output::add_item;
  using Output::desc_size;

 private:
  void dispose() noexcept override {
    ++disposed_;
    delete this;
  }
  int& disposed_;
};

TEST(OutputPtr, EmptyOwnsNothing) {
  const OutputPtr empty;
  EXPECT_FALSE(empty);
  EXPECT_EQ(empty.get(), nullptr);
  const OutputPtr copy = empty;  // NOLINT: the copy is what is tested
  EXPECT_FALSE(copy);
}

TEST(OutputPtr, LastReferenceDisposes) {
  int disposed = 0;
  OutputPtr first = OutputPtr::adopt(new Counted(disposed));
  {
    OutputPtr second = first;
    const OutputPtr third = std::move(second);
    EXPECT_FALSE(second);  // NOLINT: moved from is empty
    EXPECT_EQ(third.get(), first.get());
    first = OutputPtr();
    EXPECT_EQ(disposed, 0);
  }
  EXPECT_EQ(disposed, 1);
}

TEST(OutputPtr, AssignmentReleasesTheOldAndSurvivesItself) {
  int first_disposed = 0;
  int second_disposed = 0;
  OutputPtr pointer = OutputPtr::adopt(new Counted(first_disposed));
  pointer = OutputPtr::adopt(new Counted(second_disposed));
  EXPECT_EQ(first_disposed, 1);
  const OutputPtr& same = pointer;
  pointer = same;
  EXPECT_EQ(second_disposed, 0);
  pointer = OutputPtr();
  EXPECT_EQ(second_disposed, 1);
}

TEST(OutputPtr, ReleaseGivesTheReferenceAway) {
  int disposed = 0;
  OutputPtr pointer = OutputPtr::adopt(new Counted(disposed));
  Output* raw = pointer.release();
  EXPECT_FALSE(pointer);
  EXPECT_EQ(disposed, 0);
  raw->add_reference();
  raw->drop_reference();
  EXPECT_EQ(disposed, 0);
  raw->drop_reference();
  EXPECT_EQ(disposed, 1);
}

TEST(OutputPtr, ReferencesDroppedOnManyThreadsDisposeOnce) {
  int disposed = 0;
  {
    const OutputPtr pointer = OutputPtr::adopt(new Counted(disposed));
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([pointer] {
        for (int i = 0; i < 2000; ++i) {
          const OutputPtr copy = pointer;
          EXPECT_TRUE(copy);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(disposed, 0);
  }
  EXPECT_EQ(disposed, 1);
}

TEST(Output, SumsAndFinality) {
  int disposed = 0;
  auto* counted = new Counted(disposed);
  const OutputPtr output = OutputPtr::adopt(counted);
  EXPECT_FALSE(output->final());
  EXPECT_EQ(output->bytes(), 0U);
  counted->add_item(item_of("a", "12345", 0));
  counted->add_item(item_of("b", "678", 1));
  EXPECT_FALSE(output->final());
  counted->add_item(item_of("c", "9", kStatusEnd));  // the third is past what fits inside
  EXPECT_TRUE(output->final());
  EXPECT_EQ(output->bytes(), 9U);
  EXPECT_EQ(output->items().size(), 3U);
  EXPECT_EQ(output->items()[2].key, "c");
}

TEST(Output, OnlyEndAndOnceAreFinal) {
  EXPECT_FALSE(is_final_status(0));
  EXPECT_FALSE(is_final_status(1));
  EXPECT_TRUE(is_final_status(2));
  EXPECT_TRUE(is_final_status(3));
  EXPECT_FALSE(is_final_status(4));
  EXPECT_FALSE(is_final_status(-1));
}

TEST(Output, DescriptionsBelongToTheirItem) {
  int disposed = 0;
  auto* counted = new Counted(disposed);
  const OutputPtr output = OutputPtr::adopt(counted);
  OutputItem first = item_of("a", "");
  counted->add_desc({"x", "1"});
  counted->add_desc({"y", "2"});
  first.desc_end = counted->desc_size();
  counted->add_item(first);
  OutputItem second = item_of("b", "");
  second.desc_begin = second.desc_end = counted->desc_size();
  counted->add_item(second);
  ASSERT_EQ(output->desc(output->items()[0]).size(), 2U);
  EXPECT_EQ(output->desc(output->items()[0])[1].value, "2");
  EXPECT_TRUE(output->desc(output->items()[1]).empty());
}

TEST(OwnedOutput, CopiesEverythingDeeply) {
  std::string key = "key";
  std::string bytes = "bytes";
  std::string word = "word";
  std::string text = "text";
  const std::array<Pair, 2> desc{Pair{word, text}, Pair{"empty", ""}};
  OwnedOutput::Source source{item_of(key, bytes, kStatusEnd), desc};
  source.item.type = 2;
  const OutputPtr output = OwnedOutput::copy_of({&source, 1});
  for (std::string* original : {&key, &bytes, &word, &text}) original->assign("XXXXX");

  ASSERT_EQ(output->items().size(), 1U);
  const OutputItem& item = output->items()[0];
  EXPECT_EQ(item.key, "key");
  EXPECT_EQ(bytes_of(item), "bytes");
  EXPECT_EQ(item.type, 2);
  EXPECT_EQ(item.status, kStatusEnd);
  ASSERT_EQ(output->desc(item).size(), 2U);
  EXPECT_EQ(output->desc(item)[0].key, "word");
  EXPECT_EQ(output->desc(item)[0].value, "text");
  EXPECT_EQ(output->desc(item)[1].key, "empty");
  EXPECT_EQ(output->desc(item)[1].value, "");
}

TEST(OwnedOutput, EveryPayloadIsAligned) {
  const std::string bytes(40, 'x');
  std::vector<OwnedOutput::Source> sources;
  for (const std::size_t size : {1, 0, 15, 16, 17, 0, 33})
    sources.push_back({item_of("k", std::string_view(bytes).substr(0, size)), {}});
  const OutputPtr output = OwnedOutput::copy_of(sources);
  ASSERT_EQ(output->items().size(), sources.size());
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const OutputItem& item = output->items()[i];
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(item.data) % alignof(std::max_align_t), 0U);
    EXPECT_NE(item.data, nullptr);
    EXPECT_EQ(item.size, sources[i].item.size);
    EXPECT_EQ(bytes_of(item), bytes_of(sources[i].item));
  }
}

TEST(OwnedOutput, NothingAndEmptyItems) {
  const OutputPtr nothing = OwnedOutput::copy_of({});
  ASSERT_TRUE(nothing);
  EXPECT_TRUE(nothing->items().empty());

  OwnedOutput::Source source;
  source.item.key = "";
  source.item.data = nullptr;
  const OutputPtr empty = OwnedOutput::copy_of({&source, 1});
  ASSERT_EQ(empty->items().size(), 1U);
  EXPECT_EQ(empty->items()[0].size, 0U);
  EXPECT_EQ(empty->items()[0].key, "");
}

TEST(OwnedOutput, DescriptionsOfSeveralItemsStayApart) {
  const std::array<Pair, 1> one{Pair{"a", "1"}};
  const std::array<Pair, 2> two{Pair{"b", "2"}, Pair{"c", "3"}};
  const std::vector<OwnedOutput::Source> sources{
      {item_of("first", "x"), one}, {item_of("second", "y"), {}}, {item_of("third", "z"), two}};
  const OutputPtr output = OwnedOutput::copy_of(sources);
  EXPECT_EQ(output->desc(output->items()[0]).size(), 1U);
  EXPECT_TRUE(output->desc(output->items()[1]).empty());
  ASSERT_EQ(output->desc(output->items()[2]).size(), 2U);
  EXPECT_EQ(output->desc(output->items()[2])[1].key, "c");
}

}  // namespace
}  // namespace aiges
