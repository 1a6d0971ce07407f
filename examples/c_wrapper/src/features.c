/*
 * From a picture to the square that the network sees. The rules, with their reasons, are in
 * ../../digits/README.md; they are whole-number arithmetic throughout.
 */
#include <stdlib.h>
#include <string.h>

#include "engine.h"

enum { MIN_CONTRAST = 32 }; /* grey levels between background and ink; less is a blank picture */

/* The part of a picture from (left, top) up to, not including, (right, bottom). */
struct area {
  uint32_t left, top, right, bottom;
};

struct view {
  const struct picture* picture;
  uint8_t ink[256]; /* by grey level: how much it differs from the background, on the ink's side */
};

static inline uint8_t ink_at(const struct view* view, uint32_t x, uint32_t y) {
  return view->ink[view->picture->grey[(size_t)y * view->picture->width + x]];
}

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* The background is the median of a border zone; the ink is on the side of it, lighter or darker,
 * that has more weight in the whole picture. */
static void find_ink(struct view* view) {
  const struct picture* picture = view->picture;
  uint32_t shorter = smaller(picture->width, picture->height);
  uint32_t edge = shorter / 16 > 1 ? shorter / 16 : 1;
  uint64_t all[256] = {0};
  uint64_t border[256] = {0};
  uint64_t border_count = 0;
  for (uint32_t y = 0; y < picture->height; ++y) {
    const uint8_t* row = picture->grey + (size_t)y * picture->width;
    int at_end = y < edge || picture->height - y <= edge;
    for (uint32_t x = 0; x < picture->width; ++x) {
      ++all[row[x]];
      if (at_end || x < edge || picture->width - x <= edge) {
        ++border[row[x]];
        ++border_count;
      }
    }
  }
  int background = 0;
  for (uint64_t below = border[0]; 2 * below < border_count; below += border[background]) {
    ++background;
  }
  int64_t balance = 0;
  for (int level = 0; level < 256; ++level) {
    balance += (int64_t)all[level] * (level - background);
  }
  for (int level = 0; level < 256; ++level) {
    int difference = balance >= 0 ? level - background : background - level;
    view->ink[level] = (uint8_t)(difference > 0 ? difference : 0);
  }
}

static int is_frame_row(const struct view* view, uint32_t y) {
  uint64_t marked = 0;
  for (uint32_t x = 0; x < view->picture->width; ++x) marked += ink_at(view, x, y) >= MIN_CONTRAST;
  return 4 * marked >= view->picture->width;
}

static int is_frame_column(const struct view* view, uint32_t x) {
  uint64_t marked = 0;
  for (uint32_t y = 0; y < view->picture->height; ++y) marked += ink_at(view, x, y) >= MIN_CONTRAST;
  return 4 * marked >= view->picture->height;
}

/* The picture without lines of ink along its very edge: a frame or an artefact of scanning. */
static struct area without_frame(const struct view* view) {
  const struct picture* picture = view->picture;
  struct area area = {0, 0, picture->width, picture->height};
  uint32_t limit = smaller(picture->width, picture->height) / 32;
  while (area.top < limit && is_frame_row(view, area.top)) ++area.top;
  while (picture->height - area.bottom < limit && is_frame_row(view, area.bottom - 1)) {
    --area.bottom;
  }
  while (area.left < limit && is_frame_column(view, area.left)) ++area.left;
  while (picture->width - area.right < limit && is_frame_column(view, area.right - 1)) {
    --area.right;
  }
  return area;
}

static unsigned strongest(const struct view* view, const struct area* area) {
  unsigned peak = 0;
  for (uint32_t y = area->top; y < area->bottom; ++y) {
    for (uint32_t x = area->left; x < area->right; ++x) {
      if (ink_at(view, x, y) > peak) peak = ink_at(view, x, y);
    }
  }
  return peak;
}

/* Narrows [*first, *end), whose ink per line is counts[*first..], to where the ink begins and ends,
 * but for specks: up to 1/256 of it may lie on either side. */
static void narrow(const uint32_t* counts, uint64_t total, uint32_t* first, uint32_t* end) {
  uint64_t before = counts[*first];
  while (256 * before <= total) before += counts[++*first];
  uint64_t after = counts[*end - 1];
  while (256 * after <= total) after += counts[--*end - 1];
}

/* The box around the ink of at least that strength, of which there is some. */
static int box_around(const struct view* view, const struct area* area, unsigned strength,
                      struct area* box) {
  const struct picture* picture = view->picture;
  uint32_t* rows = calloc((size_t)picture->height + picture->width, sizeof *rows);
  if (rows == NULL) return ERR_NO_MEMORY;
  uint32_t* columns = rows + picture->height;
  uint64_t total = 0;
  for (uint32_t y = area->top; y < area->bottom; ++y) {
    for (uint32_t x = area->left; x < area->right; ++x) {
      unsigned strong = ink_at(view, x, y) >= strength;
      rows[y] += strong;
      columns[x] += strong;
      total += strong;
    }
  }
  *box = *area;
  narrow(rows, total, &box->top, &box->bottom);
  narrow(columns, total, &box->left, &box->right);
  free(rows);
  return 0;
}

/* One direction of area averaging: `pixels` pixels onto `cells` cells. Pixel p covers the interval
 * [p * cells, (p + 1) * cells) and cell c [c * pixels, (c + 1) * pixels). */
static uint64_t overlap(uint64_t pixel, uint64_t pixels, uint64_t cell, uint64_t cells) {
  uint64_t start = pixel * cells > cell * pixels ? pixel * cells : cell * pixels;
  uint64_t end =
      (pixel + 1) * cells < (cell + 1) * pixels ? (pixel + 1) * cells : (cell + 1) * pixels;
  return end - start;
}

/* Sums the ink of each cell of the grid laid over the box, into high x wide cells. */
static void sum_cells(const struct view* view, const struct area* box, uint32_t high, uint32_t wide,
                      uint64_t* cells) {
  uint32_t width = box->right - box->left;
  uint32_t height = box->bottom - box->top;
  memset(cells, 0, sizeof *cells * high * wide);
  for (uint32_t y = 0; y < height; ++y) {
    uint64_t line[MAX_SQUARE_SIDE] = {0};
    for (uint32_t x = 0; x < width; ++x) {
      uint64_t ink = ink_at(view, box->left + x, box->top + y);
      uint64_t last = (((uint64_t)x + 1) * wide - 1) / width;
      for (uint64_t cell = (uint64_t)x * wide / width; ink != 0 && cell <= last; ++cell) {
        line[cell] += ink * overlap(x, width, cell, wide);
      }
    }
    uint64_t last = (((uint64_t)y + 1) * high - 1) / height;
    for (uint64_t cell = (uint64_t)y * high / height; cell <= last; ++cell) {
      uint64_t share = overlap(y, height, cell, high);
      for (uint32_t x = 0; x < wide; ++x) cells[cell * wide + x] += share * line[x];
    }
  }
}

int features_extract(const struct picture* picture, uint32_t side, uint8_t* square) {
  struct view view;
  view.picture = picture;
  find_ink(&view);
  struct area area = without_frame(&view);
  unsigned peak = strongest(&view, &area);
  if (peak < MIN_CONTRAST) return ERR_BLANK;
  struct area box;
  int error = box_around(&view, &area, (peak + 2) / 3, &box);
  if (error != 0) return error;
  for (unsigned level = 0; level < 256; ++level) {
    if (view.ink[level] < (peak + 15) / 16) view.ink[level] = 0;
  }

  uint32_t width = box.right - box.left;
  uint32_t height = box.bottom - box.top;
  uint32_t longer = width > height ? width : height;
  uint32_t high = (2 * height * side + longer) / (2 * longer);
  uint32_t wide = (2 * width * side + longer) / (2 * longer);
  if (high == 0) high = 1;
  if (wide == 0) wide = 1;
  uint64_t* cells = malloc(sizeof *cells * high * wide);
  if (cells == NULL) return ERR_NO_MEMORY;
  sum_cells(&view, &box, high, wide, cells);
  uint64_t brightest = 1;
  for (uint32_t i = 0; i < high * wide; ++i) {
    if (cells[i] > brightest) brightest = cells[i];
  }
  memset(square, 0, (size_t)side * side);
  uint8_t* corner = square + (size_t)((side - high) / 2) * side + (side - wide) / 2;
  for (uint32_t y = 0; y < high; ++y) {
    for (uint32_t x = 0; x < wide; ++x) {
      corner[(size_t)y * side + x] =
          (uint8_t)((cells[y * wide + x] * 255 + brightest / 2) / brightest);
    }
  }
  free(cells);
  return 0;
}
