"""What a model's answers owe to concepts that people have words for."""
