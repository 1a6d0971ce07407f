/*
 * PNG to grey with libpng.
 *
 * libpng reports errors by longjmp. So that nothing is lost or left undefined, every resource is a
 * member of struct reader, which lives in the caller of the function that calls setjmp: the jump
 * never crosses a frame that owns something.
 */
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

struct reader {
  png_structp png;
  png_infop info;
  uint8_t* pixels; /* grey and alpha, or colour and alpha */
  png_bytep* rows;
  const uint8_t* data;
  size_t size;
  size_t position;
  uint64_t max_pixels;
  uint32_t width;
  uint32_t height;
  int channels; /* 2 or 4 */
  int error;
};

static void on_error(png_structp png, png_const_charp message) {
  (void)message;
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void read_bytes(png_structp png, png_bytep to, png_size_t count) {
  struct reader* reader = png_get_io_ptr(png);
  if (count > reader->size - reader->position) png_error(png, "the file ends early");
  memcpy(to, reader->data + reader->position, count);
  reader->position += count;
}

/* Has everything delivered as 8-bit grey + alpha or RGB + alpha. */
static void set_transformations(struct reader* reader, int depth, int colour) {
  png_structp png = reader->png;
  if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (colour == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png);
  /* A transparent colour of a 16-bit picture cannot be told apart in 8 bits; it is left out. */
  if (depth <= 8 && png_get_valid(png, reader->info, PNG_INFO_tRNS)) {
    png_set_tRNS_to_alpha(png);
  }
  if (depth == 16) png_set_strip_16(png);
  png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER); /* no effect where there is alpha already */
  png_set_interlace_handling(png);
}

static int read_all(struct reader* reader) {
  if (setjmp(png_jmpbuf(reader->png))) return reader->error ? reader->error : ERR_BAD_PICTURE;

  png_set_read_fn(reader->png, reader, read_bytes);
  png_set_user_limits(reader->png, 0x7fffffff, 0x7fffffff); /* ours are checked below */
  png_set_chunk_malloc_max(reader->png, 8u << 20);          /* bombs in compressed text */
  png_set_chunk_cache_max(reader->png, 256);
  png_read_info(reader->png, reader->info);

  int depth = 0;
  int colour = 0;
  png_get_IHDR(reader->png, reader->info, &reader->width, &reader->height, &depth, &colour, NULL,
               NULL, NULL);
  reader->error = picture_check_size(reader->width, reader->height, reader->max_pixels);
  if (reader->error != 0) return reader->error;

  set_transformations(reader, depth, colour);
  png_read_update_info(reader->png, reader->info);
  reader->channels = png_get_channels(reader->png, reader->info);
  size_t stride = png_get_rowbytes(reader->png, reader->info);
  if ((reader->channels != 2 && reader->channels != 4) ||
      stride != (size_t)reader->width * (size_t)reader->channels) {
    return ERR_BAD_PICTURE;
  }
  reader->pixels = malloc(stride * reader->height);
  reader->rows = malloc(reader->height * sizeof *reader->rows);
  if (reader->pixels == NULL || reader->rows == NULL) return ERR_NO_MEMORY;
  for (uint32_t y = 0; y < reader->height; ++y) reader->rows[y] = reader->pixels + y * stride;
  png_read_image(reader->png, reader->rows);
  return 0;
}

/* Lays the picture on white if what is visible of it is mostly dark, else on black. */
static void flatten(const struct reader* reader, uint8_t* grey) {
  size_t count = (size_t)reader->width * reader->height;
  size_t step = (size_t)reader->channels;
  uint64_t visible = 0;
  uint64_t weighted = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* pixel = reader->pixels + i * step;
    grey[i] = step == 2 ? pixel[0] : luma(pixel[0], pixel[1], pixel[2]);
    visible += pixel[step - 1];
    weighted += (uint64_t)grey[i] * pixel[step - 1];
  }
  unsigned background = weighted < 128 * visible ? 255 : 0;
  for (size_t i = 0; i < count; ++i) {
    unsigned alpha = reader->pixels[i * step + step - 1];
    grey[i] = (uint8_t)((grey[i] * alpha + background * (255 - alpha) + 127) / 255);
  }
}

int png_decode(const uint8_t* data, size_t size, uint64_t max_pixels, struct picture* out) {
  struct reader reader;
  memset(&reader, 0, sizeof reader);
  reader.data = data;
  reader.size = size;
  reader.max_pixels = max_pixels;
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
  if (reader.png != NULL) reader.info = png_create_info_struct(reader.png);
  int error = reader.info == NULL ? ERR_NO_MEMORY : read_all(&reader);
  if (error == 0) {
    out->grey = malloc((size_t)reader.width * reader.height);
    if (out->grey == NULL) {
      error = ERR_NO_MEMORY;
    } else {
      flatten(&reader, out->grey);
      out->width = reader.width;
      out->height = reader.height;
      out->format = "png";
    }
  }
  free(reader.rows);
  free(reader.pixels);
  png_destroy_read_struct(&reader.png, &reader.info, NULL);
  return error;
}
