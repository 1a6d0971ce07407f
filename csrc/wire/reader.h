#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <protozero/pbf_reader.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "base/small_vector.h"
#include "base/status.h"
#include "buffer/data_item.h"
#include "wire/pairs.h"
#include "wire/utf8.h"

// What the decoders of this folder share. Internal: exceptions end in decode().
namespace aiges::wire {

// Where decoding stands, for the error.
struct Position {
  const char* message = "";  // full name
  std::uint32_t field = 0;   // 0: at a tag
  const char* at = nullptr;
};

// A message is well-formed protobuf, but not what it should be.
class Malformed : public std::exception {
 public:
  explicit Malformed(const char* what) : what_(what) {}
  const char* what() const noexcept override { return what_; }

 private:
  const char* what_;
};

// The fields of one message, in the order they were sent. A field with a known number but another
// wire type is unknown, like one with an unknown number: the caller's switch leaves both to skip().
class Fields {
 public:
  static constexpr auto kVarint = protozero::pbf_wire_type::varint;
  static constexpr auto kBytes = protozero::pbf_wire_type::length_delimited;

  Fields(std::string_view bytes, const char* message, Position& position)
      : reader_(bytes.data(), bytes.size()), message_(message), position_(position) {}

  bool next() {
    position_ = {message_, 0, reader_.data().data()};
    if (!reader_.next()) return false;
    position_.field = reader_.tag();
    return true;
  }
  // For a switch, with field().
  std::uint32_t tag_and_type() const { return reader_.tag_and_type(); }
  void skip() { reader_.skip(); }

  std::string_view bytes() {
    const protozero::data_view view = reader_.get_view();
    return {view.data(), view.size()};
  }
  std::string_view text() {
    const std::string_view view = bytes();
    if (!is_utf8(view)) throw Malformed("text that is not UTF-8");
    return view;
  }
  // int32 and enumerations.
  std::int32_t int32() { return reader_.get_int32(); }
  std::uint32_t uint32() { return reader_.get_uint32(); }
  auto packed_uint32() { return reader_.get_packed_uint32(); }
  Fields message(const char* name) { return {bytes(), name, position_}; }

  // An entry of a map<string, string>.
  void pair_into(std::vector<Pair>& pairs);

  // Before another element goes into a container.
  static void expect_room(std::size_t size, std::size_t limit) {
    if (size >= limit) throw Malformed("more than 65536 elements");
  }

 private:
  protozero::pbf_reader reader_;
  const char* message_;
  Position& position_;
};

// The case label of a field.
constexpr std::uint32_t field(std::uint32_t number, protozero::pbf_wire_type type) {
  return protozero::tag_and_type(number, type);
}
constexpr std::uint32_t varint_field(std::uint32_t number) {
  return field(number, Fields::kVarint);
}
constexpr std::uint32_t bytes_field(std::uint32_t number) { return field(number, Fields::kBytes); }

// Ranges of a vector of pairs that still grows and moves; spans once it has its size.
class PairRanges {
 public:
  void add(std::size_t begin, std::size_t end) { ranges_.push_back({begin, end}); }
  std::span<const Pair> span(const std::vector<Pair>& pairs, std::size_t index) const {
    const Range range = ranges_.data()[index];
    return std::span<const Pair>(pairs).subspan(range.begin, range.end - range.begin);
  }

 private:
  struct Range {
    std::size_t begin;
    std::size_t end;
  };
  SmallVector<Range, 8> ranges_;
};

// The failure of `bytes`, with the place.
Status malformed(std::string_view bytes, const Position& position, const char* what);

// Runs body(Fields&) over a message.
template <class Body>
Status decode(std::string_view bytes, const char* message, const Body& body) {
  Position position;
  try {
    Fields fields(bytes, message, position);
    body(fields);
    return {};
  } catch (const protozero::exception& error) {
    return malformed(bytes, position, error.what());
  } catch (const Malformed& error) {
    return malformed(bytes, position, error.what());
  }
}

}  // namespace aiges::wire
