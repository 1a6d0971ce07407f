#include "base/status.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace aiges {
namespace {

Status failure() { return Status(ErrorKind::kEngine, Code::kExec, "wrapperExec", "it broke"); }

TEST(Status, DefaultIsSuccess) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), Code::kOk);
}

TEST(Status, KeepsItsStory) {
  const Status status = failure();
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.kind(), ErrorKind::kEngine);
  EXPECT_EQ(status.code(), Code::kExec);
  EXPECT_EQ(static_cast<int>(status.code()), 10909);
  EXPECT_EQ(status.where(), "wrapperExec");
  EXPECT_EQ(status.message(), "it broke");
  EXPECT_EQ(status.engine_code(), std::nullopt);
  EXPECT_EQ(status.session_id(), "");
  EXPECT_EQ(status.cause(), nullptr);
}

TEST(Status, TakesDetails) {
  const auto cause = std::make_shared<int>(7);
  const Status status = failure().with_engine_code(0).with_session_id("abc").with_cause(cause);
  EXPECT_EQ(status.engine_code(), 0);  // 0 is a number an engine may give, not "none"
  EXPECT_EQ(status.session_id(), "abc");
  EXPECT_EQ(status.cause(), cause);
  EXPECT_EQ(status.message(), "it broke");
}

TEST(Status, CopiesShareAndMovesLeaveSuccess) {
  Status original = failure();
  const Status copy = original;
  EXPECT_EQ(&copy.message(), &original.message());
  const Status moved = std::move(original);
  EXPECT_EQ(moved.message(), "it broke");
  EXPECT_EQ(copy.message(), "it broke");
}

TEST(Status, MayBeGivenDetailsInPlace) {
  Status status = failure();
  status = std::move(status).with_session_id("s");  // as sessions do: a move into itself
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.session_id(), "s");
}

TEST(Result, HoldsAValue) {
  Result<std::string> result = std::string("value");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.value(), "value");
  result.value() += "!";
  EXPECT_EQ(std::as_const(result).value(), "value!");
}

TEST(Result, HoldsAFailure) {
  const Result<std::string> result = failure();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().message(), "it broke");
}

TEST(Result, HoldsWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  ASSERT_TRUE(result.ok());
  const std::unique_ptr<int> taken = std::move(result.value());
  EXPECT_EQ(*taken, 5);
}

}  // namespace
}  // namespace aiges
