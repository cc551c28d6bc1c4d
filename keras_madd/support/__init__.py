"""What every room needs: errors, files, progress, quiet native libraries."""
