// What the decoders do with messages that no client of good faith sends.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "wire/engine_v1.h"
#include "wire/golden.h"
#include "wire/health.h"
#include "wire/pairs.h"
#include "wire/reflection.h"
#include "wire/tool_box.h"
#include "wire/wire_test.h"
#include "wire/xsf.h"

namespace aiges::wire {
namespace {

using test::entry;
using test::message_of;
using test::number;
using test::repeat;
using test::sized;

template <class Message>
auto into_message(Status (*decode)(std::string_view, Message&)) {
  return [decode](std::string_view bytes) {
    Message message;
    return decode(bytes, message);
  };
}
template <class Message>
auto as_result(Result<Message> (*decode)(std::string_view)) {
  return [decode](std::string_view bytes) {
    const Result<Message> result = decode(bytes);
    return result.ok() ? Status() : result.status();
  };
}

struct Decoder {
  const char* name;
  std::function<Status(std::string_view)> decode;
  std::string valid;
  unsigned text_field;
};

std::vector<Decoder> decoders() {
  XsfRequest request;
  XsfReply reply;
  EXPECT_TRUE(decode_xsf_request(golden::kXsfRequest, request).ok());
  EXPECT_TRUE(decode_xsf_reply(golden::kXsfReply, reply).ok());
  return {
      {"xsf request", into_message(decode_xsf_request), std::string(golden::kXsfRequest), 1},
      {"xsf reply", into_message(decode_xsf_reply), std::string(golden::kXsfReply), 2},
      {"loader input", into_message(decode_loader_input), std::string(request.data.at(0).data), 1},
      {"loader output", into_message(decode_loader_output), std::string(reply.data.at(0).data), 1},
      {"exec", into_message(decode_exec_request), std::string(golden::kExecRequest), 1},
      {"stream", into_message(decode_stream_request), std::string(golden::kStreamRequest), 0},
      {"response", into_message(decode_engine_response), std::string(golden::kEngineResponse), 2},
      {"describe", as_result(decode_describe_request), sized(1, "mnist"), 1},
      {"description", into_message(decode_describe_response),
       std::string(golden::kDescribeResponse), 2},
      {"tool box", as_result(decode_tool_box_request), std::string(golden::kToolBoxRequest), 1},
      {"tool box reply", as_result(decode_tool_box_reply), std::string(golden::kToolBoxReply), 1},
      {"health", as_result(decode_health_request), sized(1, "service"), 1},
      {"health response", as_result(decode_health_response), number(1, 1), 0},
      {"reflection", as_result(decode_reflection_request), std::string(golden::kReflectionRequest),
       1},
  };
}

TEST(Hostile, TruncatedAnywhere) {
  for (const Decoder& decoder : decoders()) {
    ASSERT_TRUE(decoder.decode(decoder.valid).ok()) << decoder.name;
    std::size_t refused = 0;
    for (std::size_t size = 0; size < decoder.valid.size(); ++size) {
      // A copy of that size: a sanitizer sees a read beyond its end.
      const std::vector<char> cut(decoder.valid.begin(),
                                  decoder.valid.begin() + static_cast<std::ptrdiff_t>(size));
      const Status status = decoder.decode({cut.data(), cut.size()});
      if (status.ok()) continue;
      ++refused;
      EXPECT_EQ(status.kind(), ErrorKind::kInvalidData) << decoder.name;
      EXPECT_EQ(status.code(), Code::kInvalidData) << decoder.name;
    }
    EXPECT_GT(refused, decoder.valid.size() / 3) << decoder.name;
  }
}

TEST(Hostile, EveryByteFlipped) {
  for (const Decoder& decoder : decoders())
    for (std::size_t at = 0; at < decoder.valid.size(); ++at)
      for (const int mask : {0x01, 0x07, 0x80, 0xFF}) {
        std::vector<char> bytes(decoder.valid.begin(), decoder.valid.end());
        bytes[at] = static_cast<char>(bytes[at] ^ mask);
        const Status status = decoder.decode({bytes.data(), bytes.size()});
        EXPECT_TRUE(status.ok() || status.kind() == ErrorKind::kInvalidData) << decoder.name;
      }
}

TEST(Hostile, UnknownFieldsAndWrongWireTypesAreSkipped) {
  for (const Decoder& decoder : decoders()) {
    std::string bytes = decoder.valid;
    for (unsigned field = 1; field <= 20; ++field) {
      bytes += test::varint(field << 3 | 1) + "8 bytes.";
      bytes += test::varint(field << 3 | 5) + "4 b.";
    }
    bytes += number(1000, 5) + sized(1001, "later");
    EXPECT_EQ(message_of(decoder.decode(bytes)), "ok") << decoder.name;
  }
}

TEST(Hostile, BrokenTags) {
  for (const Decoder& decoder : decoders()) {
    EXPECT_FALSE(decoder.decode(std::string("\0", 1)).ok()) << decoder.name;  // field 0
    EXPECT_FALSE(decoder.decode("\x0B\x0C").ok()) << decoder.name;            // a group
    EXPECT_FALSE(decoder.decode("\x0E").ok()) << decoder.name;                // type 6
    EXPECT_FALSE(decoder.decode(repeat("\x80", 20)).ok()) << decoder.name;    // endless varint
    EXPECT_FALSE(decoder
                     .decode(number(20, 0) + test::varint(99 << 3 | 2) +
                             test::varint(~std::uint64_t{0}) + "x")
                     .ok())
        << decoder.name;  // longer than anything
  }
}

TEST(Hostile, TextThatIsNotUtf8) {
  for (const Decoder& decoder : decoders()) {
    if (decoder.text_field == 0) continue;
    EXPECT_NE(message_of(decoder.decode(sized(decoder.text_field, "\xFF\xFE"))).find("not UTF-8"),
              std::string::npos)
        << decoder.name;
  }
  XsfRequest request;
  EXPECT_FALSE(decode_xsf_request(entry(3, "\xC0", ""), request).ok());
  EXPECT_FALSE(decode_xsf_request(entry(3, "", "\xC0"), request).ok());
}

TEST(Hostile, TheErrorSaysWhere) {
  XsfRequest request;
  const std::string front = sized(1, "AIIn");
  EXPECT_EQ(message_of(decode_xsf_request(front + sized(2, sized(2, "\xFF")), request)),
            "not a valid message: utils.Session, field 2, at byte 8 of 11: text that is not UTF-8");
  EXPECT_EQ(message_of(decode_xsf_request(front + "\x22\x09x", request)),
            "not a valid message: utils.ReqData, field 4, at byte 6 of 9: end of buffer exception");
  EXPECT_EQ(message_of(decode_xsf_request(front + "\x80", request)),
            "not a valid message: utils.ReqData, at byte 6 of 7: end of buffer exception");
}

TEST(Hostile, ManyElements) {
  XsfRequest request;
  LoaderInput input;
  ExecRequest exec;
  StreamRequest stream;
  DescribeResponse description;
  const auto at_most = [](std::size_t limit, const std::string& element, const auto& decode) {
    const Status all = decode(repeat(element, limit));
    const Status more = decode(repeat(element, limit + 1));
    EXPECT_EQ(message_of(all), "ok");
    EXPECT_NE(message_of(more).find("more than"), std::string::npos) << message_of(more);
  };
  const auto xsf = [&](const std::string& bytes) { return decode_xsf_request(bytes, request); };
  const auto loader = [&](const std::string& bytes) { return decode_loader_input(bytes, input); };
  const auto execs = [&](const std::string& bytes) { return decode_exec_request(bytes, exec); };
  const auto streams = [&](const std::string& bytes) {
    return decode_stream_request(bytes, stream);
  };
  const auto describes = [&](const std::string& bytes) {
    return decode_describe_response(bytes, description);
  };
  at_most(kMaxPairs, sized(3, ""), xsf);
  at_most(kMaxPairs, sized(2, sized(3, "")), xsf);
  at_most(kMaxItems, sized(4, ""), xsf);
  at_most(kMaxPairs, sized(4, sized(3, "")), xsf);
  at_most(kMaxPairs, sized(4, ""), loader);
  at_most(kMaxPairs, sized(5, ""), loader);
  at_most(kMaxItems, sized(6, ""), loader);
  at_most(kMaxItems, sized(7, ""), loader);
  at_most(kMaxPairs, sized(2, ""), execs);
  at_most(kMaxItems, sized(3, ""), execs);
  at_most(kMaxItems, number(4, 1), execs);
  at_most(kMaxItems, sized(4, "\x01"), execs);
  at_most(kMaxItems, sized(2, ""), streams);
  at_most(4096, sized(1, ""), describes);

  // The limit is one of the whole message, not of each of its elements.
  const std::string payload = sized(7, sized(1, repeat(sized(3, ""), 1) + entry(3, "a", "")));
  EXPECT_EQ(message_of(decode_loader_input(repeat(payload, kMaxPairs / 2), input)), "ok");
  EXPECT_FALSE(decode_loader_input(repeat(payload, kMaxPairs / 2 + 1), input).ok());
}

// A message within a message within a message: those that should not be there are never opened.
TEST(Hostile, DeepNesting) {
  std::string nested;
  for (int i = 0; i < 10000; ++i) nested = sized(2, nested);
  XsfRequest request;
  EXPECT_EQ(
      message_of(decode_xsf_request(nested, request)).find("not a valid message: utils.Session"),
      0U);  // its field 2 is a text
  EXPECT_EQ(message_of(decode_xsf_request(sized(9, nested), request)), "ok");
}

TEST(Repeated, OfAKeyTheLastOneCounts) {
  XsfRequest request;
  const std::string bytes = entry(3, "a", "1") + entry(3, "b", "2") + entry(3, "a", "3");
  ASSERT_TRUE(decode_xsf_request(bytes, request).ok());
  EXPECT_EQ(test::text_of(request.params), "b=2 a=3");

  LoaderInput input;
  const std::string meta = entry(3, "status", "1") + entry(3, "status", "2");
  const std::string payloads =
      sized(7, sized(1, meta)) + sized(7, sized(1, entry(3, "status", "3")));
  ASSERT_TRUE(decode_loader_input(payloads, input).ok());
  EXPECT_EQ(test::text_of(input.payloads.at(0).desc), "status=2");
  EXPECT_EQ(input.payloads[0].status, 2);
  EXPECT_EQ(test::text_of(input.payloads.at(1).desc), "status=3");
}

TEST(Repeated, AlsoAmongMany) {
  std::vector<Pair> pairs{{"kept", "in front"}, {"kept", "as well"}};
  const std::size_t from = pairs.size();
  std::vector<std::string> keys;
  for (int i = 0; i < 1000; ++i) keys.push_back(std::to_string(i % 300));
  for (const std::string& key : keys) pairs.push_back({key, "v"});
  keep_last_of_each_key(pairs, from);
  ASSERT_EQ(pairs.size(), from + 300);
  EXPECT_EQ(pairs[0].value, "in front");
  EXPECT_EQ(pairs[1].value, "as well");
  // The last 300 of them, in their order: 700 ... 999.
  for (std::size_t i = 0; i < 300; ++i) EXPECT_EQ(pairs[from + i].key, keys[700 + i]);
}

TEST(Repeated, AMessageInPartsIsOne) {
  XsfRequest request;
  const std::string bytes = sized(2, sized(1, "trace") + entry(3, "a", "1")) +
                            sized(2, sized(2, "handle") + entry(3, "a", "2"));
  ASSERT_TRUE(decode_xsf_request(bytes, request).ok());
  EXPECT_EQ(request.session.trace, "trace");
  EXPECT_EQ(request.session.handle, "handle");
  EXPECT_EQ(test::text_of(request.session.sess), "a=2");

  LoaderInput input;
  const std::string payload =
      sized(7, sized(1, sized(1, "img")) + sized(2, "data") + sized(1, number(2, 2)));
  ASSERT_TRUE(decode_loader_input(payload, input).ok());
  EXPECT_EQ(input.payloads.at(0).key, "img");
  EXPECT_EQ(input.payloads.at(0).type, 2);
}

}  // namespace
}  // namespace aiges::wire
