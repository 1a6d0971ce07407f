#include "wire/xsf.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/golden.h"
#include "wire/pairs.h"
#include "wire/wire_test.h"

namespace aiges::wire {
namespace {

using test::bytes_of;
using test::flat;
using test::lies_in;
using test::text_of;
using test::WatchedOutput;

const std::string kData("\0\xFFpng", 5);

// The message that golden::kXsfRequest is.
OutMessage golden_request() {
  static const std::vector<Pair> sess{{"PeerAddr", "1.2.3.4:5"}};
  static const std::vector<Pair> params{{"SeqNo", "1"}, {"waitTime", "500"}};
  static const std::vector<Pair> headers{{"sid", "s1"}};
  static const std::vector<Pair> top{{"top", "1"}};
  static const std::vector<Pair> utf8{{"encoding", "utf8"}};
  static const std::vector<Pair> raw{{"encoding", "raw"}};
  static const std::vector<Expect> expect{{"result", 3, utf8}};
  static const int seq = 4;
  DataItem item;
  item.key = "img";
  item.data = kData.data();
  item.size = kData.size();
  item.type = 2;
  item.status = kStatusEnd;
  item.desc = raw;
  LoaderRequest request;
  request.service_id = "svc";
  request.service_name = "name";
  request.state = kLoaderOnce;
  request.headers = headers;
  request.params = top;
  request.expect = expect;
  request.payloads = {&item, 1};
  request.seq = {&seq, 1};
  request.sync_id = -7;
  return encode_xsf_request({"AIIn", "trace", "handle", sess, params}, request);
}

TEST(Xsf, RequestIsEncodedAsGoogleDoes) { EXPECT_EQ(flat(golden_request()), golden::kXsfRequest); }

TEST(Xsf, RequestIsDecodedInPlace) {
  const std::string bytes(golden::kXsfRequest);
  XsfRequest request;
  ASSERT_TRUE(decode_xsf_request(bytes, request).ok());
  EXPECT_EQ(request.op, "AIIn");
  EXPECT_EQ(request.session.trace, "trace");
  EXPECT_EQ(request.session.handle, "handle");
  EXPECT_EQ(text_of(request.session.sess), "PeerAddr=1.2.3.4:5");
  EXPECT_EQ(text_of(request.params), "SeqNo=1 waitTime=500");
  ASSERT_EQ(request.data.size(), 1U);
  EXPECT_TRUE(request.data[0].desc.empty());

  LoaderInput input;
  ASSERT_TRUE(decode_loader_input(request.data[0].data, input).ok());
  EXPECT_EQ(input.service_id, "svc");
  EXPECT_EQ(input.service_name, "name");
  EXPECT_EQ(input.state, kLoaderOnce);
  EXPECT_EQ(text_of(input.headers), "sid=s1");
  EXPECT_EQ(text_of(input.params), "top=1");
  EXPECT_EQ(input.sync_id, -7);
  ASSERT_EQ(input.expect.size(), 1U);
  EXPECT_EQ(input.expect[0].name, "result");
  EXPECT_EQ(input.expect[0].type, 3);
  EXPECT_EQ(text_of(input.expect[0].attributes), "encoding=utf8");
  ASSERT_EQ(input.payloads.size(), 1U);
  const DataItem& item = input.payloads[0];
  EXPECT_EQ(item.key, "img");
  EXPECT_EQ(item.type, 2);
  EXPECT_EQ(item.status, kStatusEnd);
  EXPECT_EQ(text_of(item.desc), "encoding=raw seq=4 status=2");
  EXPECT_EQ(bytes_of(item), kData);
  EXPECT_EQ(input.seq, std::vector<int>{4});

  EXPECT_TRUE(lies_in(bytes_of(item), bytes));
  EXPECT_TRUE(lies_in(item.key, bytes));
  EXPECT_TRUE(lies_in(item.desc[0].value, bytes));
  EXPECT_TRUE(lies_in(request.params[1].key, bytes));
}

// The message that golden::kXsfReply is; `key` and what follows decide about the output.
OutMessage golden_reply() {
  const std::vector<Pair> sess{{"PeerAddr", "1.2.3.4:5"}};
  const std::vector<Pair> params{{"vcpu", "1"}};
  const std::vector<Pair> utf8{{"encoding", "utf8"}};
  const std::vector<Expect> expect{{"result", 3, utf8}};
  const ExpectFilter filter = ExpectFilter::of(expect, ExpectFilter::Mode::kOnce);
  XsfReplyHead head;
  head.code = -1;
  head.error_info = "full";
  head.trace = "trace";
  head.handle = "handle";
  head.sess = sess;
  head.params = params;
  LoaderReply reply;
  reply.service_id = "svc";
  reply.code = 10106;
  reply.err = "why";
  reply.status = kStatusOnce;
  reply.output = WatchedOutput::make("result", kData, 3, 3, {{"encoding", "engine's"}});
  reply.expect = &filter;
  return encode_xsf_reply(head, reply);
}

TEST(Xsf, ReplyIsEncodedAsGoogleDoes) { EXPECT_EQ(flat(golden_reply()), golden::kXsfReply); }

TEST(Xsf, ReplyIsDecodedInPlace) {
  const std::string bytes(golden::kXsfReply);
  XsfReply reply;
  ASSERT_TRUE(decode_xsf_reply(bytes, reply).ok());
  EXPECT_EQ(reply.code, -1);
  EXPECT_EQ(reply.error_info, "full");
  EXPECT_EQ(reply.session.handle, "handle");
  EXPECT_EQ(text_of(reply.params), "vcpu=1");
  ASSERT_EQ(reply.data.size(), 1U);
  LoaderOutput output;
  ASSERT_TRUE(decode_loader_output(reply.data[0].data, output).ok());
  EXPECT_EQ(output.service_id, "svc");
  EXPECT_EQ(output.code, 10106);
  EXPECT_EQ(output.err, "why");
  EXPECT_EQ(output.status, kStatusOnce);
  ASSERT_EQ(output.payloads.size(), 1U);
  EXPECT_EQ(output.payloads[0].key, "result");
  EXPECT_EQ(output.payloads[0].status, 3);
  EXPECT_EQ(text_of(output.payloads[0].desc), "encoding=utf8 seq=0 status=3");
  EXPECT_TRUE(lies_in(bytes_of(output.payloads[0]), bytes));
}

TEST(Xsf, ReplyAlwaysHasOneElement) {
  XsfReply reply;
  LoaderOutput output;
  const std::string nothing = flat(encode_xsf_reply({}, {}));
  ASSERT_TRUE(decode_xsf_reply(nothing, reply).ok());
  ASSERT_EQ(reply.data.size(), 1U);
  ASSERT_TRUE(decode_loader_output(reply.data[0].data, output).ok());
  EXPECT_TRUE(output.payloads.empty());

  LoaderReply failure;
  failure.code = 10008;
  failure.err = "unknown handle";
  const std::string failed = flat(encode_xsf_reply({}, failure));
  ASSERT_TRUE(decode_xsf_reply(failed, reply).ok());
  ASSERT_EQ(reply.data.size(), 1U);
  ASSERT_TRUE(decode_loader_output(reply.data[0].data, output).ok());
  EXPECT_EQ(output.code, 10008);
}

TEST(Xsf, SeqIsThatOfEachItem) {
  const OwnedOutput::Source sources[] = {{test::item_of("a", "1", 1), {}},
                                         {test::item_of("b", "2", 2), {}}};
  LoaderReply loader;
  loader.output = OwnedOutput::copy_of(sources);
  const int seq[] = {41, 42};
  loader.seq = seq;
  const std::string bytes = flat(encode_xsf_reply({}, loader));
  XsfReply reply;
  LoaderOutput output;
  ASSERT_TRUE(decode_xsf_reply(bytes, reply).ok());
  ASSERT_TRUE(decode_loader_output(reply.data[0].data, output).ok());
  EXPECT_EQ(output.seq, (std::vector<int>{41, 42}));
  EXPECT_EQ(output.payloads[0].status, 1);
  EXPECT_EQ(output.payloads[1].status, 2);
}

TEST(Xsf, LargePayloadsAreSentFromWhereTheyLie) {
  for (const std::size_t size : {kBorrowFrom - 1, kBorrowFrom, std::size_t{3} << 20}) {
    bool gone = false;
    const std::string payload(size, 'p');
    OutMessage message;
    const void* lies_at = nullptr;
    {
      LoaderReply loader;
      loader.output = WatchedOutput::make("result", payload, 0, 3, {}, &gone);
      lies_at = loader.output->items()[0].data;
      message = encode_xsf_reply({}, loader);
    }
    const bool borrowed = size >= kBorrowFrom;
    EXPECT_EQ(test::has_piece_at(message, lies_at, size), borrowed);
    EXPECT_EQ(gone, !borrowed);
    const std::string bytes = flat(message);
    EXPECT_EQ(bytes.size() + OutMessage::kHeadroom, message.size());
    XsfReply reply;
    LoaderOutput output;
    ASSERT_TRUE(decode_xsf_reply(bytes, reply).ok());
    ASSERT_TRUE(decode_loader_output(reply.data[0].data, output).ok());
    EXPECT_TRUE(bytes_of(output.payloads[0]) == payload);
    message = OutMessage();
    EXPECT_TRUE(gone);
  }
}

TEST(Xsf, TextsOfAnEngineThatAreNotUtf8AreRepaired) {
  LoaderReply loader;
  loader.code = 10909;
  loader.err = "\xC4\xE3\xBA\xC3;code=7";
  loader.output = WatchedOutput::make("\xFFkey", "\xFF\xFE", 0, 3, {{"d\x80", "\xC0"}});
  const std::string bytes = flat(encode_xsf_reply({}, loader));
  XsfReply reply;
  LoaderOutput output;
  ASSERT_TRUE(decode_xsf_reply(bytes, reply).ok());
  ASSERT_TRUE(decode_loader_output(reply.data[0].data, output).ok());
  EXPECT_EQ(output.err, "????;code=7");
  EXPECT_EQ(output.payloads[0].key, "?key");
  EXPECT_EQ(output.payloads[0].desc[0].key, "d?");
  EXPECT_EQ(bytes_of(output.payloads[0]), "\xFF\xFE");  // data is not text
}

TEST(Xsf, StatusAndSeqThatAreNoNumbersAreZero) {
  for (const std::string text : {"", "x", "3x", " 3", "99999999999999"}) {
    const std::string meta = test::entry(3, "status", text) + test::entry(3, "seq", text);
    LoaderInput input;
    const std::string bytes = test::sized(7, test::sized(1, meta));
    ASSERT_TRUE(decode_loader_input(bytes, input).ok());
    EXPECT_EQ(input.payloads[0].status, 0) << text;
    EXPECT_EQ(input.seq[0], 0) << text;
  }
  LoaderInput input;
  const std::string bare = test::sized(7, "");
  ASSERT_TRUE(decode_loader_input(bare, input).ok());
  EXPECT_EQ(input.payloads[0].status, 0);
  EXPECT_EQ(input.payloads[0].size, 0U);
}

// Attributes of expectations and payloads share their memory while it grows.
TEST(Xsf, EveryElementHasItsOwnAttributes) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    const std::string n = std::to_string(i);
    const std::string meta = test::sized(1, "n" + n) + test::entry(3, "k" + n, "v" + n);
    bytes += test::sized(7, test::sized(1, meta + test::entry(3, "status", "1")));
    bytes += test::sized(6, meta);
  }
  LoaderInput input;
  ASSERT_TRUE(decode_loader_input(bytes, input).ok());
  ASSERT_EQ(input.payloads.size(), 100U);
  ASSERT_EQ(input.expect.size(), 100U);
  for (std::size_t i = 0; i < 100; ++i) {
    const std::string n = std::to_string(i);
    EXPECT_EQ(text_of(input.payloads[i].desc), "k" + n + "=v" + n + " status=1");
    EXPECT_EQ(text_of(input.expect[i].attributes), "k" + n + "=v" + n);
    EXPECT_EQ(input.payloads[i].key, "n" + n);
  }
}

TEST(Xsf, DecodingAgainLeavesNothingOfTheLastMessage) {
  const std::string full(golden::kXsfRequest);
  XsfRequest request;
  LoaderInput input;
  ASSERT_TRUE(decode_xsf_request(full, request).ok());
  ASSERT_TRUE(decode_loader_input(request.data[0].data, input).ok());
  ASSERT_TRUE(decode_xsf_request("", request).ok());
  ASSERT_TRUE(decode_loader_input("", input).ok());
  EXPECT_EQ(request.op, "");
  EXPECT_EQ(request.session.trace, "");
  EXPECT_EQ(request.session.handle, "");
  EXPECT_TRUE(request.session.sess.empty());
  EXPECT_TRUE(request.params.empty());
  EXPECT_TRUE(request.data.empty());
  EXPECT_EQ(input.service_id, "");
  EXPECT_EQ(input.service_name, "");
  EXPECT_EQ(input.state, kLoaderStream);
  EXPECT_TRUE(input.headers.empty());
  EXPECT_TRUE(input.params.empty());
  EXPECT_TRUE(input.expect.empty());
  EXPECT_TRUE(input.payloads.empty());
  EXPECT_TRUE(input.seq.empty());
  EXPECT_EQ(input.sync_id, 0);
}

}  // namespace
}  // namespace aiges::wire
