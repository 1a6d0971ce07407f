// How a request arrives: headers, then messages cut out of the stream's data.

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "server/connection.h"
#include "server/http2_session.h"
#include "server/shared.h"

namespace aiges::server {
namespace {

constexpr std::size_t kPrefix = 5;  // a flag, and the message's length as four bytes, big-endian

bool starts_with_grpc(std::string_view content_type) {
  constexpr std::string_view kGrpc = "application/grpc";
  if (!content_type.starts_with(kGrpc)) return false;
  const std::string_view rest = content_type.substr(kGrpc.size());
  // "application/grpc-web" is another protocol.
  return rest.empty() || rest == "+proto" || rest.front() == ';';
}

// Takes the same time wherever the texts differ: how much of a token is right must not show.
bool same_text(std::string_view left, std::string_view right) {
  unsigned difference = left.size() == right.size() ? 0 : 1;
  for (std::size_t i = 0; i < left.size(); ++i)
    difference |= static_cast<unsigned>(left[i] ^ right[right.empty() ? 0 : i % right.size()]);
  return difference == 0;
}

}  // namespace

int Http2Session::header(Call& call, std::string_view name, std::string_view value) {
  call.header_bytes_ += name.size() + value.size() + 32;  // as RFC 9113, 6.5.2 counts
  if (call.header_bytes_ > shared_->limits.max_header_bytes) {
    reject(call, {GrpcCode::kResourceExhausted,
                  "the request's headers are larger than " +
                      std::to_string(shared_->limits.max_header_bytes) + " bytes",
                  0, 0});
    return 0;
  }
  if (call.rejected_) return 0;
  if (name == ":path") {
    if (shared_->access_log) call.path_ = value;
    call.method_ = shared_->methods.find(value);
    if (!call.method_) {
      const bool service = shared_->methods.has_service(value);
      call.problem_ = {
          GrpcCode::kUnimplemented,
          (service ? "unknown method " : "unknown service or method ") + std::string(value), 0, 0};
    }
  } else if (name == ":method") {
    if (value != "POST") call.not_grpc_ = "405";
  } else if (name == "content-type") {
    call.has_content_type_ = starts_with_grpc(value);
  } else if (name == "grpc-timeout") {
    call.has_deadline_ = parse_timeout(value, call.deadline_);
    if (!call.has_deadline_ && call.problem_.ok()) {
      call.problem_ = {GrpcCode::kInternal, "malformed grpc-timeout '" + std::string(value) + "'",
                       0, 0};
    }
  } else if (name == "grpc-encoding") {
    call.gzip_request_ = value == "gzip";
    if (!call.gzip_request_ && value != "identity" && call.problem_.ok()) {
      call.problem_ = {GrpcCode::kUnimplemented,
                       "this server decompresses gzip, not '" + std::string(value) + "'", 0, 0};
    }
  } else if (name == "grpc-accept-encoding") {
    call.gzip_accepted_ = value.find("gzip") != std::string_view::npos;
  } else if (!name.starts_with(':') && name != "te" && name != "user-agent") {
    call.headers_.emplace_back(name, value);
  }
  return 0;
}

void Http2Session::headers_done(Call& call) {
  headers_begin_ = Clock::time_point::max();
  if (call.rejected_) return;
  if (!call.not_grpc_.empty() || !call.has_content_type_) {
    // Not gRPC: an HTTP status says so (doc/PROTOCOL-HTTP2.md asks for 415).
    reject_http(call, call.not_grpc_.empty() ? "415" : call.not_grpc_);
    return;
  }
  if (!call.problem_.ok()) {
    reject(call, call.problem_);
    return;
  }
  const std::string& token = shared_->token;
  if (!token.empty() && !call.method_->is_public()) {
    const std::string_view shown = call.header("authorization");
    constexpr std::string_view kBearer = "Bearer ";
    if (!shown.starts_with(kBearer) || !same_text(shown.substr(kBearer.size()), token)) {
      reject(call, {GrpcCode::kUnauthenticated,
                    "this server wants the metadata 'authorization: Bearer <token>'", 0, 0});
      return;
    }
  }
  if (shared_->rate && !call.method_->is_public() && !shared_->rate->try_take(call.began_)) {
    // The words and the status that AIGES's clients know.
    reject(call, {GrpcCode::kUnknown, "request traffic exceeds limit,and rateFallback not defined",
                  0, 0});
    return;
  }
  if (call.has_deadline_ && call.deadline_.passed()) {
    reject(call, {GrpcCode::kDeadlineExceeded, "the deadline of the request has passed", 0, 0});
    return;
  }
  if (!call.method_->is_unary()) {
    call.handler_started_ = true;
    events_->push_back({Event::Kind::kStart, call.shared_from_this(), {}, 0});
  }
}

void Http2Session::body(Call& call, std::string_view bytes) {
  if (call.rejected_ || call.finished_) {
    nghttp2_session_consume_stream(session_, call.stream_, bytes.size());
    return;
  }
  shared_->bytes_in.fetch_add(bytes.size(), std::memory_order_relaxed);
  call.bytes_in_ += bytes.size();
  if (call.method_->is_unary()) {
    nghttp2_session_consume_stream(session_, call.stream_, bytes.size());
  } else {
    // Given back when the handler has dealt with it.
    call.unconsumed_ += bytes.size();
  }
  while (!bytes.empty()) {
    if (!call.in_body_) {
      const std::size_t part = std::min(bytes.size(), kPrefix - call.prefix_size_);
      std::memcpy(call.prefix_ + call.prefix_size_, bytes.data(), part);
      call.prefix_size_ += part;
      bytes.remove_prefix(part);
      if (call.prefix_size_ < kPrefix) return;
      const auto byte = [&](std::size_t i) {
        return std::size_t{static_cast<unsigned char>(call.prefix_[i])};
      };
      call.body_size_ = byte(1) << 24 | byte(2) << 16 | byte(3) << 8 | byte(4);
      call.compressed_ = byte(0) == 1;
      if (byte(0) > 1 || (call.compressed_ && !call.gzip_request_)) {
        reject(call, {GrpcCode::kInternal,
                      "a message is marked as compressed, but no grpc-encoding was given", 0, 0});
        return;
      }
      if (call.body_size_ > shared_->limits.max_receive) {
        reject(call,
               {GrpcCode::kResourceExhausted,
                "the request message has " + std::to_string(call.body_size_) +
                    " bytes; this server takes " + std::to_string(shared_->limits.max_receive),
                0, 0});
        return;
      }
      call.in_body_ = true;
      call.body_.clear();
      // A length is only a claim: memory follows what really comes, doubling.
      call.body_.reserve(std::min(call.body_size_, std::size_t{4} << 20));
    }
    const std::size_t part = std::min(bytes.size(), call.body_size_ - call.body_.size());
    if (call.body_.capacity() < call.body_.size() + part)
      call.body_.reserve(std::min(call.body_size_, 4 * call.body_.capacity()));
    call.body_.append(bytes.substr(0, part));
    bytes.remove_prefix(part);
    if (call.body_.size() < call.body_size_) {
      const std::size_t limit = shared_->limits.max_buffered;
      call.buffered_ += part;
      if (shared_->buffered.fetch_add(part, std::memory_order_relaxed) + part > limit) {
        release_body(call);
        reject(call, {GrpcCode::kResourceExhausted,
                      "more than " + std::to_string(limit) +
                          " bytes of requests are on their way to this server; try again later",
                      0, 0});
        return;
      }
      // A message may be larger than the window: it holds half of it at most, or it never came.
      if (!call.method_->is_unary()) {
        const std::size_t held = kPrefix + call.body_.size() - call.given_back_;
        if (const std::size_t most = shared_->limits.stream_window / 2; held > most) {
          call.given_back_ += held - most;
          consumed(call, held - most);
        }
      }
      return;
    }
    message_done(call);
    if (call.rejected_) return;
  }
}

void Http2Session::release_body(Call& call) {
  shared_->buffered.fetch_sub(std::exchange(call.buffered_, 0), std::memory_order_relaxed);
}

void Http2Session::message_done(Call& call) {
  call.in_body_ = false;
  call.prefix_size_ = 0;
  release_body(call);
  if (call.compressed_ && !decompress(call)) return;
  if (!call.method_->is_unary()) {
    events_->push_back({Event::Kind::kMessage, call.shared_from_this(), std::move(call.body_),
                        kPrefix + call.body_size_ - std::exchange(call.given_back_, 0)});
    call.body_ = {};
  } else if (call.has_unary_message_) {
    reject(call, {GrpcCode::kInternal, "this method takes one message, and more came", 0, 0});
  } else {
    call.has_unary_message_ = true;
    call.unary_message_ = std::move(call.body_);
    call.body_ = {};
  }
}

void Http2Session::half_close(Call& call) {
  if (call.rejected_ || call.finished_) return;
  if (call.in_body_ || call.prefix_size_ != 0) {
    reject(call, {GrpcCode::kInternal, "the request ended in the middle of a message", 0, 0});
    return;
  }
  if (!call.method_->is_unary()) {
    events_->push_back({Event::Kind::kHalfClose, call.shared_from_this(), {}, 0});
  } else if (!call.has_unary_message_) {
    reject(call, {GrpcCode::kInternal, "the request ended without a message", 0, 0});
  } else {
    events_->push_back(
        {Event::Kind::kUnary, call.shared_from_this(), std::move(call.unary_message_), 0});
  }
}

bool Http2Session::decompress(Call& call) {
  const std::size_t limit = shared_->limits.max_receive;
  std::string out;
  z_stream stream{};
  constexpr int kGzip = 16 + MAX_WBITS;
  if (inflateInit2(&stream, kGzip) != Z_OK) {
    reject(call, {GrpcCode::kInternal, "no memory to decompress the request", 0, 0});
    return false;
  }
  stream.next_in = reinterpret_cast<Bytef*>(call.body_.data());
  stream.avail_in = static_cast<uInt>(call.body_.size());
  int result = Z_OK;
  while (result == Z_OK) {
    const std::size_t before = out.size();
    const std::size_t step = std::min(std::max<std::size_t>(before, 4096), limit + 1 - before);
    if (step == 0) break;
    out.resize(before + step);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(step);
    result = inflate(&stream, Z_NO_FLUSH);
    out.resize(before + step - stream.avail_out);
    if (result == Z_BUF_ERROR && stream.avail_in == 0) break;
    if (out.size() > limit) break;
  }
  inflateEnd(&stream);
  if (out.size() > limit) {
    reject(call, {GrpcCode::kResourceExhausted,
                  "the request message is larger than " + std::to_string(limit) +
                      " bytes when decompressed",
                  0, 0});
    return false;
  }
  if (result != Z_STREAM_END) {
    reject(call, {GrpcCode::kInternal, "the request message is not valid gzip", 0, 0});
    return false;
  }
  call.body_ = std::move(out);
  return true;
}

void Http2Session::reject(Call& call, const GrpcStatus& status) {
  if (call.rejected_) return;
  const bool started = call.handler_started_;
  call.rejected_ = true;
  if (started) {
    call.cancelled_.store(true, std::memory_order_release);
    events_->push_back({Event::Kind::kCancel, call.shared_from_this(), {}, 0});
  }
  finish(call, status);
}

void Http2Session::reject_http(Call& call, std::string_view http_status) {
  call.rejected_ = true;
  call.finished_ = true;
  call.response_ = Call::Response::kEnded;
  shared_->failed_calls.fetch_add(1, std::memory_order_relaxed);
  nghttp2_nv headers[] = {
      {reinterpret_cast<std::uint8_t*>(const_cast<char*>(":status")),
       reinterpret_cast<std::uint8_t*>(const_cast<char*>(http_status.data())), 7,
       http_status.size(), NGHTTP2_NV_FLAG_NONE},
  };
  nghttp2_submit_response(session_, call.stream_, headers, 1, nullptr);
}

}  // namespace aiges::server
