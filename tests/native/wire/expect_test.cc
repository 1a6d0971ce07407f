#include "wire/expect.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "wire/wire_test.h"

namespace aiges::wire {
namespace {

using test::message_of;
using test::WatchedOutput;
using Mode = ExpectFilter::Mode;

OutputPtr output(std::string key, int type) {
  return WatchedOutput::make(std::move(key), "x", type, 3, {});
}

std::string attributes(std::initializer_list<Pair> engine, const Expect* expect) {
  const std::vector<Pair> pairs(engine);
  std::vector<Pair> result;
  for_each_attribute(pairs, expect, "7", "2", [&](const Pair& pair) { result.push_back(pair); });
  return test::text_of(result);
}

TEST(ExpectFilter, WithoutExpectationsEverythingPasses) {
  const ExpectFilter none;
  EXPECT_TRUE(none.check(*output("anything", 42)).ok());
  EXPECT_TRUE(ExpectFilter::of({}, Mode::kOnce).check(*output("anything", 42)).ok());
  EXPECT_EQ(none.find("anything"), nullptr);
}

TEST(ExpectFilter, SaysWhatAigesSays) {
  const std::vector<Expect> expect{{"result", 1, {}}, {"other", 0, {}}};
  const ExpectFilter once = ExpectFilter::of(expect, Mode::kOnce);
  const ExpectFilter stream = ExpectFilter::of(expect, Mode::kStream);
  for (const ExpectFilter* filter : {&once, &stream}) {
    EXPECT_TRUE(filter->check(*output("result", 1)).ok());
    EXPECT_TRUE(filter->check(*output("other", 0)).ok());
    const Status wrong_type = filter->check(*output("result", 0));
    EXPECT_EQ(message_of(wrong_type), "wrapper output data invalid(key or type)");
    EXPECT_EQ(wrong_type.code(), Code::kInvalidOutput);
  }
  const Status once_absent = once.check(*output("absent", 1));
  EXPECT_EQ(message_of(once_absent), "wrapper output data is nil ");
  EXPECT_EQ(once_absent.code(), Code::kInvalidOutput);
  EXPECT_EQ(message_of(stream.check(*output("absent", 1))),
            "wrapper output data invalid(key or type)");
}

TEST(ExpectFilter, ACopyOutlivesItsSource) {
  ExpectFilter filter;
  {
    const auto name = std::make_unique<std::string>("a name too long to be stored in the object");
    const auto value = std::make_unique<std::string>("a value too long for it as well, really");
    const std::vector<Pair> pairs{{"encoding", *value}, {"rate", ""}};
    const std::vector<Expect> expect{{*name, 1, pairs}, {"second", 2, {}}};
    filter = ExpectFilter::copy_of(expect, Mode::kStream);
    name->assign(name->size(), '#');
    value->assign(value->size(), '#');
  }
  const Expect* first = filter.find("a name too long to be stored in the object");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->type, 1);
  EXPECT_EQ(test::text_of(first->attributes),
            "encoding=a value too long for it as well, really rate=");
  ASSERT_NE(filter.find("second"), nullptr);
  EXPECT_TRUE(filter.find("second")->attributes.empty());
  const ExpectFilter moved = std::move(filter);
  EXPECT_NE(moved.find("second"), nullptr);
  EXPECT_FALSE(moved.check(*output("second", 1)).ok());
}

TEST(ExpectFilter, AttributesComeFromEngineExpectationAndUs) {
  EXPECT_EQ(attributes({}, nullptr), "seq=7 status=2");
  EXPECT_EQ(attributes({{"encoding", "lame"}, {"status", "9"}, {"seq", "9"}}, nullptr),
            "encoding=lame seq=7 status=2");
  const std::vector<Pair> wanted{{"encoding", "raw"}, {"status", "8"}, {"seq", "8"}};
  const Expect expect{"result", 0, wanted};
  EXPECT_EQ(attributes({{"encoding", "lame"}, {"rate", "16000"}}, &expect),
            "rate=16000 encoding=raw seq=7 status=2");
  EXPECT_EQ(attributes({}, &expect), "encoding=raw seq=7 status=2");
}

}  // namespace
}  // namespace aiges::wire
