#include <string.h>

#include "engine.h"

int picture_check_size(uint64_t width, uint64_t height, uint64_t max_pixels) {
  if (width == 0 || height == 0) return ERR_BAD_PICTURE;
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > max_pixels) return ERR_TOO_LARGE;
  return 0;
}

int picture_decode(const uint8_t* data, size_t size, uint64_t max_pixels, struct picture* out) {
  static const uint8_t kPng[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  static const uint8_t kJpeg[3] = {0xff, 0xd8, 0xff};
  memset(out, 0, sizeof *out);
  /* What the request says about the format is not asked: labels are often wrong. */
  if (size >= sizeof kPng && memcmp(data, kPng, sizeof kPng) == 0) {
    return png_decode(data, size, max_pixels, out);
  }
  if (size >= sizeof kJpeg && memcmp(data, kJpeg, sizeof kJpeg) == 0) {
    return jpeg_decode(data, size, max_pixels, out);
  }
  return ERR_UNKNOWN_FORMAT;
}
