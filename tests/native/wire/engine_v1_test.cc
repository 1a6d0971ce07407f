#include "wire/engine_v1.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/golden.h"
#include "wire/wire_test.h"

namespace aiges::wire {
namespace {

using test::bytes_of;
using test::flat;
using test::lies_in;
using test::text_of;
using test::WatchedOutput;

const std::string kData("\0\xFFpng", 5);

DataItem golden_item(int status) {
  static const std::vector<Pair> raw{{"encoding", "raw"}};
  DataItem item;
  item.key = "img";
  item.data = kData.data();
  item.size = kData.size();
  item.type = 2;
  item.status = status;
  item.desc = raw;
  return item;
}

void expect_golden_item(const DataItem& item, int status, std::string_view within) {
  EXPECT_EQ(item.key, "img");
  EXPECT_EQ(bytes_of(item), kData);
  EXPECT_EQ(item.type, 2);
  EXPECT_EQ(item.status, status);
  EXPECT_EQ(text_of(item.desc), "encoding=raw");
  EXPECT_TRUE(lies_in(bytes_of(item), within));
  EXPECT_TRUE(lies_in(item.desc[0].value, within));
}

TEST(EngineV1, ExecRequest) {
  ExecRequest request;
  request.engine = "mnist";
  request.params = {{"top", "1"}};
  request.data = {golden_item(kStatusOnce)};
  request.resources = {1, 300};
  request.session_id = "s1";
  EXPECT_EQ(flat(encode_exec_request(request)), golden::kExecRequest);

  const std::string bytes(golden::kExecRequest);
  ExecRequest decoded;
  ASSERT_TRUE(decode_exec_request(bytes, decoded).ok());
  EXPECT_EQ(decoded.engine, "mnist");
  EXPECT_EQ(text_of(decoded.params), "top=1");
  EXPECT_EQ(decoded.resources, (std::vector<std::uint32_t>{1, 300}));
  EXPECT_EQ(decoded.session_id, "s1");
  ASSERT_EQ(decoded.data.size(), 1U);
  expect_golden_item(decoded.data[0], kStatusOnce, bytes);

  ASSERT_TRUE(decode_exec_request("", decoded).ok());
  EXPECT_TRUE(decoded.engine.empty() && decoded.params.empty() && decoded.data.empty() &&
              decoded.resources.empty() && decoded.session_id.empty());
}

TEST(EngineV1, AnExecItemWithoutStatusIsAllThereIs) {
  ExecRequest request;
  for (const auto& [sent, meant] : {std::pair{0, 3}, {1, 1}, {2, 2}, {3, 3}, {9, 9}}) {
    const std::string bytes = test::sized(3, test::number(4, static_cast<std::uint64_t>(sent)));
    ASSERT_TRUE(decode_exec_request(bytes, request).ok());
    EXPECT_EQ(request.data[0].status, meant);
    EXPECT_EQ(request.data[0].type, 0);
  }
}

TEST(EngineV1, ResourcesMayComeOneByOne) {
  ExecRequest request;
  const std::string bytes = test::number(4, 5) + test::number(4, 4294967295U) +
                            test::sized(4, test::varint(6) + test::varint(7));
  ASSERT_TRUE(decode_exec_request(bytes, request).ok());
  EXPECT_EQ(request.resources, (std::vector<std::uint32_t>{5, 4294967295U, 6, 7}));
}

TEST(EngineV1, StreamRequest) {
  StreamRequest request;
  request.has_open = true;
  request.open.engine = "mnist";
  request.open.params = {{"top", "1"}};
  request.open.resources = {1, 300};
  request.open.session_id = "s1";
  request.data = {golden_item(1)};
  EXPECT_EQ(flat(encode_stream_request(request)), golden::kStreamRequest);

  const std::string bytes(golden::kStreamRequest);
  StreamRequest decoded;
  ASSERT_TRUE(decode_stream_request(bytes, decoded).ok());
  EXPECT_TRUE(decoded.has_open);
  EXPECT_EQ(decoded.open.engine, "mnist");
  EXPECT_EQ(text_of(decoded.open.params), "top=1");
  EXPECT_EQ(decoded.open.resources, (std::vector<std::uint32_t>{1, 300}));
  EXPECT_EQ(decoded.open.session_id, "s1");
  expect_golden_item(decoded.data.at(0), 1, bytes);

  ASSERT_TRUE(decode_stream_request("", decoded).ok());
  EXPECT_TRUE(!decoded.has_open && decoded.open.engine.empty() && decoded.open.params.empty() &&
              decoded.open.resources.empty() && decoded.open.session_id.empty() &&
              decoded.data.empty());
}

TEST(EngineV1, AnEmptyOpenIsOneAllTheSame) {
  StreamRequest request;
  request.has_open = true;
  const std::string bytes = flat(encode_stream_request(request));
  EXPECT_EQ(bytes, test::sized(1, ""));
  StreamRequest decoded;
  ASSERT_TRUE(decode_stream_request(bytes, decoded).ok());
  EXPECT_TRUE(decoded.has_open);
}

// The status of a frame is what was sent: BEGIN is not ONCE here.
TEST(EngineV1, AStreamItemKeepsItsStatus) {
  StreamRequest request;
  const std::string bytes = test::sized(2, test::sized(1, "k"));
  ASSERT_TRUE(decode_stream_request(bytes, request).ok());
  EXPECT_EQ(request.data.at(0).status, 0);
}

TEST(EngineV1, Response) {
  const OutputPtr output = WatchedOutput::make("img", kData, 2, 3, {{"encoding", "raw"}});
  EXPECT_EQ(flat(encode_engine_response(output, "s1")), golden::kEngineResponse);

  const std::string bytes(golden::kEngineResponse);
  EngineResponse decoded;
  ASSERT_TRUE(decode_engine_response(bytes, decoded).ok());
  EXPECT_EQ(decoded.session_id, "s1");
  expect_golden_item(decoded.data.at(0), kStatusOnce, bytes);

  EXPECT_EQ(flat(encode_engine_response(OutputPtr(), "")), "");
}

TEST(EngineV1, NumbersWithoutANamePassUnchanged) {
  const OutputPtr output = WatchedOutput::make("k", "v", -5, 77, {});
  EngineResponse decoded;
  const std::string bytes = flat(encode_engine_response(output, ""));
  ASSERT_TRUE(decode_engine_response(bytes, decoded).ok());
  EXPECT_EQ(decoded.data.at(0).type, -5);
  EXPECT_EQ(decoded.data.at(0).status, 77);
}

TEST(EngineV1, LargeDataIsSentFromWhereItLies) {
  bool gone = false;
  const std::string payload(kBorrowFrom, 'p');
  OutMessage message;
  const void* lies_at = nullptr;
  {
    const OutputPtr output = WatchedOutput::make("k", payload, 0, 3, {}, &gone);
    lies_at = output->items()[0].data;
    message = encode_engine_response(output, "s1");
  }
  EXPECT_TRUE(test::has_piece_at(message, lies_at, payload.size()));
  EXPECT_FALSE(gone);
  EngineResponse decoded;
  const std::string bytes = flat(message);
  ASSERT_TRUE(decode_engine_response(bytes, decoded).ok());
  EXPECT_TRUE(bytes_of(decoded.data.at(0)) == payload);
  EXPECT_EQ(decoded.session_id, "s1");
  message = OutMessage();
  EXPECT_TRUE(gone);

  ExecRequest request;
  request.data = {golden_item(3)};
  request.data[0].data = payload.data();
  request.data[0].size = payload.size();
  EXPECT_TRUE(test::has_piece_at(encode_exec_request(request), payload.data(), payload.size()));
}

TEST(EngineV1, Describe) {
  EXPECT_EQ(decode_describe_request(flat(encode_describe_request("mnist"))).ok(), true);
  const std::string request = flat(encode_describe_request("mnist"));
  EXPECT_EQ(decode_describe_request(request).value(), "mnist");
  EXPECT_EQ(decode_describe_request("").value(), "");

  DescribeResponse response;
  response.server_version = "0.2";
  response.engines = {{"mnist", "1.0", "c", {"once", "stream"}, "{}", "serving"}};
  EXPECT_EQ(flat(encode_describe_response(response)), golden::kDescribeResponse);

  const std::string bytes(golden::kDescribeResponse);
  DescribeResponse decoded;
  ASSERT_TRUE(decode_describe_response(bytes, decoded).ok());
  EXPECT_EQ(decoded.server_version, "0.2");
  ASSERT_EQ(decoded.engines.size(), 1U);
  const EngineInfo& info = decoded.engines[0];
  EXPECT_EQ(info.name, "mnist");
  EXPECT_EQ(info.version, "1.0");
  EXPECT_EQ(info.kind, "c");
  EXPECT_EQ(info.modes, (std::vector<std::string_view>{"once", "stream"}));
  EXPECT_EQ(info.schema, "{}");
  EXPECT_EQ(info.state, "serving");
}

}  // namespace
}  // namespace aiges::wire
