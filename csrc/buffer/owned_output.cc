#include "buffer/owned_output.h"

#include <cstring>

namespace aiges {
namespace {

constexpr std::size_t kAlign = alignof(std::max_align_t);  // arrays of any type may view a payload

constexpr std::size_t aligned(std::size_t size) { return (size + kAlign - 1) / kAlign * kAlign; }

}  // namespace

OutputPtr OwnedOutput::copy_of(std::span<const Source> sources) {
  std::size_t payload = 0;
  std::size_t text = 0;
  std::size_t pairs = 0;
  for (const Source& source : sources) {
    payload += aligned(source.item.size);
    text += source.item.key.size();
    for (const Pair& pair : source.desc) text += pair.key.size() + pair.value.size();
    pairs += source.desc.size();
  }

  auto* output = new OwnedOutput;
  OutputPtr owner = OutputPtr::adopt(output);
  // Not make_unique: it would clear megabytes that are about to be overwritten.
  output->memory_.reset(new char[payload + text + 1]);
  output->reserve_desc(pairs);

  char* data = output->memory_.get();
  char* words = data + payload;
  const auto keep = [&words](std::string_view from) {
    if (!from.empty()) std::memcpy(words, from.data(), from.size());
    const std::string_view kept(words, from.size());
    words += from.size();
    return kept;
  };
  for (const Source& source : sources) {
    OutputItem item = source.item;
    item.key = keep(item.key);
    if (item.size != 0) std::memcpy(data, source.item.data, item.size);
    item.data = data;
    data += aligned(item.size);
    item.desc_begin = output->desc_size();
    for (const Pair& pair : source.desc) output->add_desc({keep(pair.key), keep(pair.value)});
    item.desc_end = output->desc_size();
    output->add_item(item);
  }
  return owner;
}

}  // namespace aiges
