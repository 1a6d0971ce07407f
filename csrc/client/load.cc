// What is made of a plan before a run.

#include <algorithm>
#include <array>
#include <utility>

#include "client/exchange.h"
#include "wire/engine_v1.h"
#include "wire/xsf.h"

namespace aiges::client {
namespace {

std::vector<Pair> views(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::vector<Pair> all;
  all.reserve(pairs.size());
  for (const auto& [key, value] : pairs) all.push_back({key, value});
  return all;
}

int frame_status(std::size_t frame, std::size_t frames) {
  if (frames == 1) return kStatusOnce;
  if (frame + 1 == frames) return kStatusEnd;
  return frame == 0 ? 0 : 1;
}

// `size` bytes from `begin` on, as if `bytes` were repeated for ever.
std::string repeated(const std::string& bytes, std::size_t begin, std::size_t size) {
  std::string piece;
  if (bytes.empty()) return piece;
  piece.reserve(size);
  while (piece.size() < size) {
    const std::size_t at = (begin + piece.size()) % bytes.size();
    piece.append(bytes, at, std::min(size - piece.size(), bytes.size() - at));
  }
  return piece;
}

std::string cut(const LoadPlan& plan, const std::string& bytes, std::size_t frame) {
  if (plan.frame_size != 0) return repeated(bytes, frame * plan.frame_size, plan.frame_size);
  const std::size_t begin = bytes.size() * frame / plan.frames;
  return bytes.substr(begin, bytes.size() * (frame + 1) / plan.frames - begin);
}

}  // namespace

std::string framed(wire::OutMessage message) {
  std::string bytes;
  bytes.reserve(message.size());
  for (const wire::OutMessage::Piece& piece : message.pieces())
    bytes.append(piece.data, piece.size);
  const std::size_t size = bytes.size() - wire::OutMessage::kHeadroom;
  bytes[0] = 0;
  for (std::size_t i = 0; i < 4; ++i) bytes[1 + i] = static_cast<char>(size >> (24 - 8 * i) & 0xff);
  return bytes;
}

Load::Load(LoadPlan given) : plan(std::move(given)) {
  const std::size_t count = plan.stream ? plan.frames : 1;
  for (const LoadPlan::Payload& payload : plan.payloads) {
    descs_.push_back(views(payload.desc));
    for (std::size_t frame = 0; plan.stream && frame < count; ++frame)
      cut_.push_back(cut(plan, payload.bytes, frame));
  }
  for (std::size_t frame = 0; frame < count; ++frame) {
    std::vector<DataItem>& items = frames.emplace_back();
    for (std::size_t i = 0; i < plan.payloads.size(); ++i) {
      const LoadPlan::Payload& payload = plan.payloads[i];
      const std::string& bytes = plan.stream ? cut_[i * count + frame] : payload.bytes;
      items.push_back({payload.key, bytes.data(), bytes.size(), payload.type,
                       frame_status(frame, count), descs_[i]});
    }
  }
  const std::vector<Pair> params = views(plan.params);
  if (plan.protocol == Protocol::kXsf) {
    if (plan.stream) return;  // XsfSession makes its own
    std::vector<wire::Expect> expect;
    expect.reserve(plan.outputs.size());
    for (const auto& [name, type] : plan.outputs) expect.push_back({name, type, {}});
    const std::string wait =
        std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(plan.timeout).count());
    const std::array<Pair, 2> call_params{{{"SeqNo", "1"}, {"waitTime", wait}}};
    wire::XsfRequestHead head;
    head.op = "AIIn";
    head.params = call_params;
    wire::LoaderRequest request;
    request.service_id = request.service_name = plan.engine;
    request.state = wire::kLoaderOnce;
    request.params = params;
    request.expect = expect;
    request.payloads = frames[0];
    messages.push_back(framed(wire::encode_xsf_request(head, request)));
    return;
  }
  for (std::size_t frame = 0; frame < count; ++frame) {
    if (!plan.stream) {
      wire::ExecRequest request;
      request.engine = plan.engine;
      request.params = params;
      request.data = frames[frame];
      messages.push_back(framed(wire::encode_exec_request(request)));
      continue;
    }
    wire::StreamRequest request;
    request.has_open = frame == 0;
    if (request.has_open) {
      request.open.engine = plan.engine;
      request.open.params = params;
    }
    request.data = frames[frame];
    messages.push_back(framed(wire::encode_stream_request(request)));
  }
}

}  // namespace aiges::client
