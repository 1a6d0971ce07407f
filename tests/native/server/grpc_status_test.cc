// How failures of the core become gRPC's, and gRPC's texts become ours.

#include "server/grpc_status.h"

#include <gtest/gtest.h>

namespace aiges::server {
namespace {

TEST(GrpcStatusTest, EachKindOfFailureHasItsCode) {
  const auto code = [](ErrorKind kind, Code number) {
    return to_grpc(Status(kind, number, "somewhere", "why")).code;
  };
  EXPECT_EQ(code(ErrorKind::kInvalidData, Code::kInvalidData), GrpcCode::kInvalidArgument);
  EXPECT_EQ(code(ErrorKind::kOverload, Code::kOverload), GrpcCode::kResourceExhausted);
  EXPECT_EQ(code(ErrorKind::kDeadline, Code::kDeadline), GrpcCode::kDeadlineExceeded);
  EXPECT_EQ(code(ErrorKind::kSession, Code::kInactive), GrpcCode::kFailedPrecondition);
  EXPECT_EQ(code(ErrorKind::kSession, Code::kLoad), GrpcCode::kUnimplemented);
  EXPECT_EQ(code(ErrorKind::kLoad, Code::kLoad), GrpcCode::kUnimplemented);
  EXPECT_EQ(code(ErrorKind::kInit, Code::kInit), GrpcCode::kUnavailable);
  EXPECT_EQ(code(ErrorKind::kEngine, Code::kExec), GrpcCode::kInternal);
  EXPECT_EQ(code(ErrorKind::kEngine, Code::kInactive), GrpcCode::kUnavailable);
  EXPECT_EQ(code(ErrorKind::kEngine, Code::kLoad), GrpcCode::kUnimplemented);
}

TEST(GrpcStatusTest, TheNumbersComeAlong) {
  const GrpcStatus plain = to_grpc(Status(ErrorKind::kOverload, Code::kOverload, "exec", "full"));
  EXPECT_EQ(plain.message, "full");
  EXPECT_EQ(plain.aiges_code, 10110);
  EXPECT_EQ(plain.engine_code, 0);
  const GrpcStatus engine =
      to_grpc(Status(ErrorKind::kEngine, Code::kExec, "exec", "no").with_engine_code(-7));
  EXPECT_EQ(engine.engine_code, -7);
  EXPECT_TRUE(to_grpc(Status()).ok());
  EXPECT_EQ(to_grpc(Status()).aiges_code, 0);
}

TEST(GrpcStatusTest, MessagesAreEncodedForAHeader) {
  EXPECT_EQ(percent_encode("plain text, ~!"), "plain text, ~!");
  EXPECT_EQ(percent_encode("100%"), "100%25");
  EXPECT_EQ(percent_encode("two\r\nlines"), "two%0D%0Alines");
  EXPECT_EQ(percent_encode("\xE4\xBD\xA0\x7F"), "%E4%BD%A0%7F");
  EXPECT_EQ(percent_encode({"\0", 1}), "%00");
  EXPECT_EQ(percent_encode(""), "");
}

TEST(GrpcStatusTest, ATimeoutIsCountedFromNow) {
  using namespace std::chrono_literals;
  const std::pair<std::string_view, Clock::duration> cases[] = {{"1H", 1h},
                                                                {"2M", 2min},
                                                                {"3S", 3s},
                                                                {"40m", 40ms},
                                                                {"500u", 500us},
                                                                {"60000000n", 60ms},
                                                                {"99999999S", 99'999'999s},
                                                                {"99999999M", 99'999'999min}};
  for (const auto& [text, delay] : cases) {
    Deadline deadline = Deadline::never();
    const auto before = Clock::now();
    ASSERT_TRUE(parse_timeout(text, deadline)) << text;
    const auto after = Clock::now();
    EXPECT_GE(deadline.time(), before + delay) << text;
    EXPECT_LE(deadline.time(), after + delay) << text;
  }
}

TEST(GrpcStatusTest, ATimeoutBeyondTheClockIsNever) {
  Deadline deadline = Deadline::at(Clock::now());
  ASSERT_TRUE(parse_timeout("99999999H", deadline));
  EXPECT_TRUE(deadline.infinite());
}

TEST(GrpcStatusTest, AMalformedTimeoutIsSaidSo) {
  for (const std::string_view text : {"", "S", "1", "1s", "1 S", " 1S", "1.5S", "-1S", "-0S", "+1S",
                                      "0x1S", "123456789S", "SS", "1SS"}) {
    const Deadline before = Deadline::at(Clock::time_point());
    Deadline deadline = before;
    EXPECT_FALSE(parse_timeout(text, deadline)) << text;
    EXPECT_EQ(deadline.time(), before.time()) << text;
  }
}

}  // namespace
}  // namespace aiges::server
